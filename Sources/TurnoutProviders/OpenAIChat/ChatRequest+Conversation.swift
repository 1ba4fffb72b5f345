import NIOCore

extension ChatRequest {
    /// The texts of the user's messages, the latest first, each decoded when it is reached.
    ///
    /// Of content parts, those that are text are joined by line feeds. Where no message is the user's, the last that
    /// has content speaks for the user.
    package func userTexts() -> some Sequence<String> {
        contentRanges.reversed().lazy.map { range in
            body.withUnsafeReadableBytes { ChatContent.text(in: $0, at: range.lowerBound) }
        }
    }

    /// Hands over each text and each definition of tools as a model will read it, escapes decoded; no images.
    package func forEachText(_ read: (UnsafeRawBufferPointer) -> Void) {
        body.withUnsafeReadableBytes { bytes in
            for range in textRanges { JSONCursor.withUnescaped(UnsafeRawBufferPointer(rebasing: bytes[range]), read) }
        }
    }

    /// The text of `prompt`; empty when there is none.
    package func promptText() -> String {
        guard let promptRange else { return "" }
        return body.withUnsafeReadableBytes { ChatContent.text(in: $0, at: promptRange.lowerBound) }
    }

    /// The `user` that the client names as its own; `nil` when it names none.
    package var user: String? {
        userToken.map { token in body.withUnsafeReadableBytes { JSONCursor($0).decode(token) } }
    }

    /// A hash of how the conversation begins: its messages up to the first of the user's, as they stand in the body.
    ///
    /// It stays the same while a conversation grows and from one process to the next, so that a conversation is known
    /// again without a header. Two conversations that begin alike share it. It is no defence against somebody who
    /// looks for collisions.
    ///
    /// - Returns: `nil` when no message is the user's.
    /// - Complexity: O(bytes up to the first user message)
    package func conversationHash() -> UInt64? {
        guard let messagesRange, hasUserMessage, let end = contentRanges.first?.upperBound else { return nil }
        return body.withUnsafeReadableBytes { bytes in
            PrefixHash.hash(UnsafeRawBufferPointer(rebasing: bytes[messagesRange.lowerBound..<end]))
        }
    }
}

/// A 64-bit hash whose step is one multiplication of eight bytes, its two halves folded.
///
/// The step is that of wyhash (Wang Yi et al. 2019), with fixed seeds, so that a hash may be stored.
enum PrefixHash {
    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        var at = 0
        while at + 8 <= bytes.count {
            state = fold(state ^ UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
            at += 8
        }
        let rest = bytes[at...].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return fold(fold(state ^ rest) ^ UInt64(bytes.count))
    }

    private static func fold(_ word: UInt64) -> UInt64 {
        let (high, low) = word.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        // A word of zero would stay zero and swallow all that follows.
        return high ^ low ^ 0xA076_1D64_78BD_642F
    }
}

/// The name of a file's content in the cache: the hub's ETag for it, without quotes.
///
/// On the hub this is a checksum: SHA-256 for large files, git's SHA-1 of the blob for the others. A mirror may send
/// something else, of which only the length can be checked.
struct BlobName: Hashable, Sendable, CustomStringConvertible {
    /// What the name says about the content.
    enum Checksum: Hashable, Sendable {
        /// The SHA-256 of the bytes.
        case sha256
        /// The SHA-1 of `blob`, the length and the bytes, as git computes it.
        case gitSHA1
        /// Nothing.
        case unknown
    }

    let text: String

    /// Reads an `ETag` or `X-Linked-Etag` header; `nil` when it cannot be a file's name.
    init?(etag: String?) {
        guard var text = etag?[...] else { return nil }
        if text.hasPrefix("W/") { text = text.dropFirst(2) }
        while text.first == "\"" { text = text.dropFirst() }
        while text.last == "\"" { text = text.dropLast() }
        let isSafe = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isSafe, (1...128).contains(text.utf8.count), text.first != ".", !text.hasSuffix(".incomplete") else {
            return nil
        }
        self.text = String(text)
    }

    /// How the content can be checked.
    var checksum: Checksum {
        guard Hexadecimal.isLowercase(text) else { return .unknown }
        switch text.utf8.count {
        case 64: return .sha256
        case 40: return .gitSHA1
        default: return .unknown
        }
    }

    var description: String { text }
}

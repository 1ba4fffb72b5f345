import TurnoutCore

/// The path of a file inside a model, as the hub writes it: relative, with slashes.
struct RemotePath: Hashable, Sendable, Comparable, CustomStringConvertible {
    let text: String

    /// Checks a name that came from a server before it can become a path on this machine.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidData` for anything that could lead out of the model's folder.
    init(_ text: String) throws(TurnoutError) {
        guard SafePath.isSafe(text) else {
            throw TurnoutError(
                .invalidData,
                "the hub lists a file named \(Printable(text)), which could be written outside the model's folder; "
                    + "nothing was downloaded. Check HF_ENDPOINT, or report the model to its hub")
        }
        self.text = text
    }

    /// The names between the slashes.
    var segments: [Substring] { text.split(separator: "/") }

    var description: String { text }

    static func < (a: RemotePath, b: RemotePath) -> Bool {
        a.text.unicodeScalars.lexicographicallyPrecedes(b.text.unicodeScalars)
    }
}

/// Which relative paths stay where they are put, on every system.
enum SafePath {
    /// Refuses empty, absolute and climbing paths, backslashes, colons (drives, streams) and control characters.
    static func isSafe(_ path: String) -> Bool {
        guard !path.isEmpty, path.utf8.count <= 1024 else { return false }
        guard path.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F && $0 != "\\" && $0 != ":" }) else {
            return false
        }
        return path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255
        }
    }
}

/// Digests and commits in text.
enum Hexadecimal {
    /// Whether a text has nothing but lowercase hexadecimal digits.
    static func isLowercase(_ text: String) -> Bool {
        text.utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
        }
    }

    /// Bytes as digits.
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

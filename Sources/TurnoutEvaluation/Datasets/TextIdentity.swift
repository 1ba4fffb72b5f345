import Crypto
import Foundation

/// When two prompts count as the same.
public enum TextIdentity {
    /// The text in lower case, every run of white space one space, none at the ends.
    ///
    /// - Complexity: O(length)
    public static func normalised(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        if text.utf8.allSatisfy({ $0 < 0x80 }) {
            for byte in text.utf8 {
                if byte == 0x20 || (0x09...0x0D).contains(byte) {
                    if let last = bytes.last, last != 0x20 { bytes.append(0x20) }
                } else {
                    bytes.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
                }
            }
            if bytes.last == 0x20 { bytes.removeLast() }
            return String(decoding: bytes, as: UTF8.self)
        }
        return text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// The first 64 bits of the SHA-256 of a normalised text, to tell distinct prompts by in eight bytes each.
    ///
    /// Among ten million different texts two have the same number with a probability of 3 in a million.
    ///
    /// - Complexity: O(length)
    public static func hash(_ text: String) -> UInt64 {
        SHA256.hash(data: Data(normalised(text).utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The letters and digits of a text before its first answer to choose from, in lower case.
    ///
    /// Benchmarks share questions and differ in the answers offered or in how they are lettered. Two prompts with the
    /// same question are no independent test of each other. A text without lettered answers counts as a whole.
    ///
    /// - Complexity: O(length)
    public static func question(_ text: String) -> String {
        var kept: [Substring] = []
        for line in text.split(omittingEmptySubsequences: true, whereSeparator: \.isNewline) {
            if !kept.isEmpty, isFirstAnswer(line) { break }
            kept.append(line)
        }
        let words = kept.joined(separator: " ").lowercased().split { !$0.isLetter && !$0.isNumber }
        return words.joined(separator: " ")
    }

    /// Whether a line begins like `A.`, `a)` or `(A)`.
    private static func isFirstAnswer(_ line: Substring) -> Bool {
        let start = line.drop { $0 == " " || $0 == "\t" || $0 == "(" }.prefix(2)
        guard let letter = start.first, letter == "A" || letter == "a", let mark = start.dropFirst().first else {
            return false
        }
        return mark == "." || mark == ")" || mark == ":"
    }
}

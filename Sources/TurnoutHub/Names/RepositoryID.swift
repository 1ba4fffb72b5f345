package import TurnoutCore

/// The name of a model on the hub: `organisation/name`, or `name` alone for the oldest ones.
package struct RepositoryID: Hashable, Sendable, CustomStringConvertible {
    /// The name as the hub writes it.
    package let name: String

    /// Checks a name by the hub's own rules, so that it can be part of a path and of an address.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument`.
    package init(_ name: String) throws(TurnoutError) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy(Self.isValid), !name.contains("--"), !name.contains(".."),
            !name.hasSuffix(".git")
        else {
            throw TurnoutError(
                .invalidArgument,
                "\(Printable(name)) is not the name of a model; expected organisation/name, each part of letters, digits, "
                    + "'-', '_' and '.', not beginning or ending with '-' or '.', such as "
                    + "sentence-transformers/all-MiniLM-L6-v2")
        }
        self.name = name
    }

    /// Reads the name back from its folder's; `nil` for folders of something else.
    init?(folderName: String) {
        let prefix = "models--"
        guard folderName.hasPrefix(prefix) else { return nil }
        try? self.init(String(folderName.dropFirst(prefix.count)).replacing("--", with: "/"))
    }

    /// The folder in the cache: `models--organisation--name`.
    var folderName: String { "models--" + name.replacing("/", with: "--") }

    /// The name.
    package var description: String { name }

    private static func isValid(_ part: Substring) -> Bool {
        func isWord(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard let first = part.utf8.first, let last = part.utf8.last, part.utf8.count <= 96 else { return false }
        return isWord(first) && isWord(last)
            && part.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }
}

/// Foreign text in quotes, fit for one line of a message: no control characters, not endless.
struct Printable: CustomStringConvertible {
    let description: String

    init(_ text: String) {
        let shown = text.unicodeScalars.prefix(120).map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }
        var kept = String.UnicodeScalarView()
        kept.append(contentsOf: shown)
        description = "'\(String(kept))\(shown.count < text.unicodeScalars.count ? "…" : "")'"
    }
}

import Foundation

/// What is known of models: prices, windows, abilities, by provider and id.
///
/// A catalogue is text, one JSON object a line, and stays text: a lookup walks over the beginnings of the lines and
/// reads the one it wants. Starting costs nothing, however long the catalogue.
public struct Catalogue: Sendable {
    private let text: [UInt8]

    /// Takes text that is known to be a catalogue.
    init(trusted text: [UInt8]) { self.text = text }

    /// Takes entries; where two have one id, the first is found.
    package init(_ entries: [CatalogueEntry]) {
        text = Array(entries.map { CatalogueLine.write($0) + "\n" }.joined().utf8)
    }

    /// Reads a catalogue file and checks every line; blank lines are passed over, and so is a header line.
    ///
    /// - Parameter path: JSON lines as [the formats](docs/formats.md) describe them.
    /// - Throws: ``TurnoutError`` with file and line.
    package init(path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TurnoutError(.io, "\(path): cannot be read; check the path and the permissions")
        }
        self.init(try Self.entries(in: Array(data), name: path))
    }

    /// All entries of a text.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidData`, naming file and line.
    /// - Complexity: O(bytes)
    package static func entries(in text: [UInt8], name: String) throws -> [CatalogueEntry] {
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return try lines.enumerated().compactMap { number, line in
            guard !line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) else { return nil }
            if number == 0, line.starts(with: headerStart.utf8) { return nil }
            return try CatalogueLine.read(line, place: "\(name):\(number + 1)")
        }
    }

    /// How the first line of a file that Turnout wrote begins; it says where the facts are from.
    package static let headerStart = "{\"format\":\"turnout-catalogue\",\"version\":1"

    /// All entries, in the order of the file.
    ///
    /// - Throws: ``TurnoutError`` when the binary was built with a damaged catalogue.
    package func entries() throws -> [CatalogueEntry] { try Self.entries(in: text, name: "the catalogue") }

    /// The entry of a model; `nil` when there is none.
    ///
    /// The id itself counts before a longer name that only begins alike, and that before one that contains it.
    /// Letter case does not count.
    ///
    /// - Parameters:
    ///   - id: What the provider calls the model.
    ///   - provider: The provider, as the catalogue calls it.
    /// - Returns: The entry.
    /// - Complexity: O(bytes), most of them passed over
    public func entry(of id: String, at provider: String) -> CatalogueEntry? {
        let opening = Array("{\"provider\":\"\(provider)\",\"id\":\"".utf8)
        let name = Array(id.utf8)
        return text.withUnsafeBytes { bytes in
            var best: (rank: Int, line: Range<Int>)?
            CatalogueScan.forEachLine(in: bytes, beginningWith: opening) { line in
                let rank = CatalogueScan.rank(of: name, bytes, line.dropFirst(opening.count))
                if rank > best?.rank ?? 0 { best = (rank, line) }
            }
            return best.flatMap { try? CatalogueLine.read(bytes[$0.line], place: "the catalogue") }
        }
    }
}

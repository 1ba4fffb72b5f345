import Crypto
import Foundation
import TurnoutCore
import TurnoutEncoders

extension RouterArtifact {
    /// Writes an artifact with another card; its tensors stay as they are, byte for byte.
    ///
    /// The file is written aside, synced and renamed, so that `path` may be the artifact itself. A certificate that
    /// does not belong to the artifact is refused before anything is written.
    ///
    /// - Parameters:
    ///   - name: `default` or the path of an artifact.
    ///   - path: Where the new artifact goes.
    ///   - change: Changes the card; it is also given the router's fingerprint.
    /// - Returns: The card as it was written.
    /// - Throws: ``TurnoutError`` with code `.io`, `.damagedFile` or `.unsupported`, and what `change` throws.
    @discardableResult
    public static func rewriteCard(
        of name: String, to path: String, _ change: (inout ArtifactCard, _ fingerprint: String) throws -> Void
    ) throws -> ArtifactCard {
        let file = try name == "default" ? EmbeddedFiles.defaultRouter() : SafetensorsFile(contentsOf: name)
        var card = try card(of: file)
        try change(&card, fingerprint(of: file, card: card))
        try verifyCertificate(of: file, card: card)
        var copy = try SafetensorsBuilder(copying: file)
        copy.metadata["card"] = try json(of: card)
        try copy.write(to: path)
        return card
    }

    /// The card as it stands in the metadata.
    static func json(of card: ArtifactCard) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(card), as: UTF8.self)
    }

    /// SHA-256 over all that a router's scores depend on: kind, encoder, models in the order of their heads, every
    /// tensor with its name and shape, and the metadata but for the card.
    static func fingerprint(of file: SafetensorsFile, card: ArtifactCard) throws -> String {
        var hash = SHA256()
        func add(_ text: String) {
            hash.update(data: Data("\(text.utf8.count):\(text)".utf8))
        }
        for text in [card.kind, card.encoder.sha256] + card.models.map(\.name) { add(text) }
        for (key, value) in file.metadata.sorted(by: { $0.key < $1.key }) where key != "card" {
            add(key)
            add(value)
        }
        for name in file.names {
            let tensor = try file.tensor(name)
            add("\(name) \(tensor.dtype.rawValue) \(tensor.shape)")
        }
        add(file.tensorDigest())
        return hash.finalize().hexadecimal
    }

    /// Refuses a certificate that was altered, or issued for another router than the one in the file.
    static func verifyCertificate(of file: SafetensorsFile, card: ArtifactCard) throws {
        guard let certificate = card.certificate else { return }
        let problem: String? =
            if try certificate.computedSeal() != certificate.seal {
                "its certificate was altered after it was issued"
            } else if try fingerprint(of: file, card: card) != certificate.router {
                "its certificate was issued for another router: weights, models or encoder have changed since"
            } else {
                nil
            }
        if let problem {
            throw TurnoutError(
                .damagedFile,
                "\(file.name): \(problem); certify the router that was meant again, or fetch the artifact again")
        }
    }
}

extension Digest {
    /// Two hexadecimal digits a byte.
    var hexadecimal: String {
        map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
    }
}

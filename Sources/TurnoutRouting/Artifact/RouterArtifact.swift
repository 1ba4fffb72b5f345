import Foundation
import TurnoutCore
public import TurnoutEncoders

/// A router that is kept in an artifact.
public protocol StoredRouter: Router {
    /// Reads the router's own tensors; the card and the encoder's fingerprint have been verified.
    ///
    /// - Throws: ``TurnoutError`` with code `.damagedFile` when a tensor is missing or does not fit.
    init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws

    /// Adds the router's own tensors to an artifact.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` when a tensor's name is taken.
    func store(in file: inout SafetensorsBuilder) throws
}

/// Reads and writes routers as safetensors files: tensors plus a card in the metadata.
///
/// The layout of each kind is in `docs/formats.md`. Reading verifies the format version, the encoder's fingerprint,
/// every shape and every number, and refuses what does not fit with a sentence that says what is wrong.
public enum RouterArtifact {
    /// Every kind that this version can read.
    private static let kinds: [String: any StoredRouter.Type] = {
        let estimated = EstimateRouter.kinds.map { ($0.kind, EstimateRouter.self as any StoredRouter.Type) }
        return Dictionary(
            estimated + [(DifficultyRouter.kind, DifficultyRouter.self)], uniquingKeysWith: { first, _ in first })
    }()

    /// Reads a router from a file.
    ///
    /// - Parameters:
    ///   - path: A file written by ``save(_:to:)``.
    ///   - encoder: The encoder to use; by default the one in the file, or else the one that the card names.
    /// - Returns: The router, verified.
    /// - Throws: ``TurnoutError`` with code `.io`, `.damagedFile` or `.unsupported`.
    public static func load(path: String, encoder: (any TextEncoder)? = nil) throws -> any Router {
        try load(SafetensorsFile(contentsOf: path), encoder: encoder)
    }

    /// Reads the router that is part of this binary.
    ///
    /// - Throws: ``TurnoutError`` with code `.damagedFile` when the build left it out.
    public static func embeddedDefault() throws -> any Router {
        try load(EmbeddedFiles.defaultRouter(), encoder: nil)
    }

    /// Reads a router by the name that configurations and options use: `default`, or a path.
    ///
    /// - Parameters:
    ///   - name: `default` or the path of an artifact.
    ///   - findEncoder: Finds the encoder that a card names; not asked where the file holds the encoder.
    /// - Returns: The router, verified.
    /// - Throws: ``TurnoutError`` as ``load(path:encoder:)`` does, and what `findEncoder` throws.
    public static func load(
        named name: String, findEncoder: (String) throws -> any TextEncoder
    ) throws -> any Router {
        guard name != "default" else { return try embeddedDefault() }
        let file = try SafetensorsFile(contentsOf: name)
        let stored = try TransformerEncoder.stored(in: file)
        return try load(file, encoder: try stored ?? findEncoder(card(of: file).encoder.name))
    }

    /// Writes a router: aside first, then synced and renamed over `path`.
    ///
    /// - Throws: ``TurnoutError`` with code `.io`.
    public static func save(_ router: some StoredRouter, to path: String) throws {
        var file = SafetensorsBuilder()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        file.metadata["card"] = String(decoding: try encoder.encode(router.card), as: UTF8.self)
        try router.store(in: &file)
        try file.write(to: path)
    }

    private static func load(_ file: SafetensorsFile, encoder: (any TextEncoder)?) throws -> any Router {
        let card = try card(of: file)
        guard card.kind != TaskClassifier.kind else {
            throw TurnoutError(
                .damagedFile, "\(file.name): a task classifier, which estimates no model; name a router instead")
        }
        guard let kind = kinds[card.kind] else {
            let known = kinds.keys.sorted().joined(separator: ", ")
            throw TurnoutError(
                .unsupported,
                "\(file.name): router kind '\(card.kind)' is not known to version \(turnoutVersion), which knows \(known); update turnout"
            )
        }
        let encoder = try Self.encoder(of: card, given: encoder, in: file)
        try verifyCertificate(of: file, card: card)
        do {
            return try kind.init(card: card, file: file, encoder: encoder)
        } catch let error as TurnoutError where !error.message.contains(file.name) {
            throw TurnoutError(error.code, "\(file.name): \(error.message)", cause: error.cause)
        }
    }

    static func card(of file: SafetensorsFile) throws -> ArtifactCard {
        guard let text = file.metadata["card"] else {
            throw TurnoutError(
                .damagedFile,
                "\(file.name): a safetensors file, but no Turnout router: its metadata has no 'card'; make one with 'turnout train'"
            )
        }
        struct Version: Decodable { let format: Int }
        let data = Data(text.utf8)
        if let version = try? JSONDecoder().decode(Version.self, from: data),
            !(1...ArtifactCard.currentFormat).contains(version.format)
        {
            throw TurnoutError(
                .unsupported,
                """
                \(file.name): this version reads formats 1 to \(ArtifactCard.currentFormat), but the file has format \
                \(version.format); update turnout
                """)
        }
        do {
            return try JSONDecoder().decode(ArtifactCard.self, from: data)
        } catch {
            throw TurnoutError(
                .damagedFile, "\(file.name): the card in its metadata cannot be read; train the router again",
                cause: error)
        }
    }

    /// The encoder that a card names, verified: the one that was given, else the one that is part of the binary.
    static func encoder(
        of card: ArtifactCard, given encoder: (any TextEncoder)?, in file: SafetensorsFile
    ) throws -> any TextEncoder {
        let encoder =
            try encoder ?? TransformerEncoder.stored(in: file) ?? self.encoder(named: card.encoder.name, for: file.name)
        guard encoder.fingerprint == card.encoder.sha256 else {
            throw TurnoutError(
                .damagedFile,
                """
                \(file.name): it was trained on encoder '\(card.encoder.name)' with fingerprint \
                \(card.encoder.sha256.prefix(12)), but this one has \(encoder.fingerprint.prefix(12)); use the encoder it \
                was trained on, or train it again
                """)
        }
        return encoder
    }

    private static func encoder(named name: String, for file: String) throws -> any TextEncoder {
        guard name == "static" else {
            throw TurnoutError(.unsupported, "\(file): it needs encoder '\(name)', which was not given")
        }
        return try StaticEncoder.embedded()
    }
}

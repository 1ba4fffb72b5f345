import TurnoutCore
public import TurnoutEncoders

extension TaskClassifier {
    /// Reads the classifier that is part of this binary.
    ///
    /// - Throws: ``TurnoutError`` with code `.damagedFile` when the build left it out.
    public static func embedded() throws -> TaskClassifier {
        try TaskClassifier(file: EmbeddedFiles.taskClassifier(), encoder: nil)
    }

    /// Reads a classifier from a file.
    ///
    /// - Parameters:
    ///   - path: A file written by ``save(to:)``.
    ///   - encoder: The encoder that the card names; needed unless that is `static`.
    /// - Throws: ``TurnoutError`` with code `.io`, `.damagedFile` or `.unsupported`.
    public init(path: String, encoder: (any TextEncoder)? = nil) throws {
        try self.init(file: SafetensorsFile(contentsOf: path), encoder: encoder)
    }

    /// Writes the classifier: aside first, then synced and renamed over `path`.
    ///
    /// - Throws: ``TurnoutError`` with code `.io`.
    public func save(to path: String) throws {
        var file = SafetensorsBuilder()
        file.metadata["card"] = try RouterArtifact.json(of: card)
        file.metadata["tasks"] = Self.taskNames
        try model.store(in: &file)
        try words.store(in: &file)
        try file.write(to: path)
    }

    private init(file: SafetensorsFile, encoder: (any TextEncoder)?) throws {
        let card = try RouterArtifact.card(of: file)
        guard card.kind == Self.kind else {
            throw TurnoutError(
                .damagedFile,
                """
                \(file.name): it is a router of kind '\(card.kind)', not a task classifier; make one with 'turnout train \
                --router \(Self.kind)'
                """)
        }
        guard file.metadata["tasks"] == Self.taskNames else {
            throw TurnoutError(
                .unsupported,
                """
                \(file.name): it tells other tasks apart than this version, which knows \(Self.taskNames); use the \
                version that wrote it, \(card.software), or train it again
                """)
        }
        let encoder = try RouterArtifact.encoder(of: card, given: encoder, in: file)
        do {
            try self.init(
                card: card, model: LinearModel(file: file, encoder: encoder), words: WordTable(file: file))
        } catch let error as TurnoutError where !error.message.contains(file.name) {
            throw TurnoutError(error.code, "\(file.name): \(error.message)", cause: error.cause)
        }
    }

    /// The tasks in the order of the heads, as metadata `tasks` has them.
    private static var taskNames: String { TaskKind.allCases.map(\.rawValue).joined(separator: ", ") }
}

import TurnoutCore
import TurnoutNumerics

/// A folder of SetFit: a sentence-transformers encoder with a logistic regression on its vectors.
///
/// Python's `SetFitModel` saves such folders, and so does ``SentenceTransformerFolder``. Tunstall et al. 2022,
/// "Efficient Few-Shot Learning Without Prompts".
public struct SentenceClassifier: Sendable {
    /// Makes the vectors.
    public let encoder: TransformerEncoder
    /// Makes probabilities of them.
    public let head: ClassificationHead
    /// What people call the classes, in the order of the probabilities.
    ///
    /// The labels of `config_setfit.json` where classes are numbers that count them, else the classes' own names.
    public let labels: [String]

    /// Whether vectors are brought to length 1 before the head sees them.
    private let normalises: Bool

    /// Opens a folder.
    ///
    /// - Parameters:
    ///   - folder: As for ``TransformerEncoder/init(folder:options:)``, and in it `model_head.safetensors` or
    ///     `model_head.pkl`. Nothing in a pickle is run.
    ///   - options: How to load the encoder.
    /// - Throws: `TurnoutError` as ``TransformerEncoder/init(folder:options:)`` does; `.io` for a folder without a head,
    ///   `.damagedFile` for a head that does not fit the encoder or two heads that differ, `.unsupported` for a pickle of
    ///   anything but a scikit-learn logistic regression.
    /// - Complexity: O(parameters)
    public init(folder: String, options: TransformerEncoder.Options = .init()) throws {
        try self.init(folder: folder, encoder: TransformerEncoder(folder: folder, options: options))
    }

    /// Opens a folder whose encoder was loaded before.
    package init(folder: String, encoder: TransformerEncoder) throws {
        let files = ModelFolder(path: folder)
        let head = try Self.head(files)
        guard head.weights.columns == encoder.dimension else {
            throw TurnoutError(
                .damagedFile,
                """
                '\(folder)' has a head for vectors of \(head.weights.columns) numbers, and an encoder of \
                \(encoder.dimension); use the files of one model
                """)
        }
        let configuration = try files.json(SetFitConfiguration.self, SetFitConfiguration.file)
        self.encoder = encoder
        self.head = head
        self.labels = Self.labels(head.classes, configuration?.labels ?? [])
        self.normalises = configuration?.normalize_embeddings ?? false
    }

    /// The probability of each class, for each text; shape `[texts.count][labels.count]`.
    ///
    /// - Complexity: that of encoding the texts.
    public func classify(_ texts: [String]) -> [[Double]] {
        let vectors = encoder.encode(texts)
        return (0..<vectors.rows).map { row in
            var vector = Array(vectors[row: row])
            if normalises {
                let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
                for j in vector.indices { vector[j] /= max(length, 1e-12) }
            }
            return head.probabilities(of: vector)
        }
    }

    /// The head of a folder, from whichever file has it.
    private static func head(_ folder: ModelFolder) throws -> ClassificationHead {
        let (safe, pickled) = (SetFitConfiguration.safeHead, SetFitConfiguration.pickledHead)
        let pickle = try folder.smallFile(pickled, atMost: ClassificationHead.greatestPickle).map {
            try ClassificationHead(pickle: [UInt8]($0), name: folder.path(of: pickled))
        }
        guard folder.has(safe) else {
            guard let pickle else { throw folder.missing("\(pickled) or \(safe)") }
            return pickle
        }
        let head = try ClassificationHead(file: SafetensorsFile(contentsOf: folder.path(of: safe)))
        guard pickle == nil || pickle == head else {
            throw TurnoutError(
                .damagedFile,
                """
                '\(folder.path)' has two heads that differ, \(pickled) and \(safe), as after saving over a folder; remove \
                the one that is out of date
                """)
        }
        return head
    }

    private static func labels(_ classes: [ClassLabel], _ names: [String]) -> [String] {
        classes.map { label in
            guard case .integer(let number) = label, names.indices.contains(number) else { return label.description }
            return names[number]
        }
    }
}

/// `config_setfit.json`, and what its folder's other files are called.
struct SetFitConfiguration: Codable {
    static let file = "config_setfit.json"
    static let safeHead = "model_head.safetensors"
    static let pickledHead = "model_head.pkl"

    var normalize_embeddings: Bool?
    var labels: [String]?

    /// With both keys, even where there are no labels.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(normalize_embeddings ?? false, forKey: .normalize_embeddings)
        try container.encode(labels, forKey: .labels)
    }
}

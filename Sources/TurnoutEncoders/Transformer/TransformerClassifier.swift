import TurnoutCore
public import TurnoutNumerics

/// A transformer with a classification head (`BertForSequenceClassification` and its relatives): from texts to logits.
public struct TransformerClassifier: Sendable {
    /// The name of the folder.
    public let name: String
    /// The names of the classes, in the order of the logits; `LABEL_0` … where the files give none.
    public let labels: [String]

    private let loaded: LoadedTransformer
    /// Applied to the first token's vector.
    private let dense: PackedLinear
    /// What follows it.
    private let activation: Activation
    private let classes: PackedLinear

    /// Loads a model.
    ///
    /// - Parameters:
    ///   - folder: As for ``TransformerEncoder/init(folder:options:)``; the files must have a classification head.
    ///   - options: How to load it.
    /// - Throws: `TurnoutError` as ``TransformerEncoder/init(folder:options:)`` does; `.unsupported` without a head.
    /// - Complexity: O(parameters)
    public init(folder: String, options: TransformerEncoder.Options = .init()) throws {
        try self.init(folder: folder, options: options, tokenizer: nil)
    }

    /// Loads a model whose texts are cut by `tokenizer`; `nil` for the one its files describe.
    package init(
        folder: String, options: TransformerEncoder.Options = .init(), tokenizer: (any Tokenizer)?,
        kernels: Kernels = .best
    ) throws {
        let loaded = try LoadedTransformer(
            folder: ModelFolder(path: folder), options: options, tokenizer: tokenizer, kernels: kernels)
        let weights = loaded.weights, hidden = loaded.model.configuration.hiddenSize
        let disentangled = loaded.model.configuration.disentangled
        // BERT's head is the pooler of its body and one linear layer, RoBERTa's two linear layers of its own, and
        // DeBERTa's a pooler of its own and one linear layer.
        let (denseName, className, isOwn) =
            weights.hasHeadTensor("classifier.out_proj.weight")
            ? ("classifier.dense", "classifier.out_proj", true) : ("pooler.dense", "classifier", disentangled != nil)
        guard let count = weights.headOutputs("\(className).weight") else {
            throw TurnoutError(
                .unsupported,
                "'\(folder)' has no classification head (no tensor 'classifier.weight'); choose a model with one")
        }
        func pack(_ name: String, outputs: Int, head: Bool) throws -> PackedLinear {
            try PackedLinear(
                inputs: hidden, outputsPerPart: outputs, storage: .float32, kernels: kernels,
                parts: [weights.linear(name, outputs: outputs, inputs: hidden, head: head)])
        }
        self.loaded = loaded
        self.name = loaded.name
        self.dense = try pack(denseName, outputs: hidden, head: isOwn)
        self.activation = disentangled?.poolerActivation ?? .tanh
        self.classes = try pack(className, outputs: count, head: true)
        let named = loaded.model.configuration.labels
        self.labels = named.count == count ? named : (0..<count).map { "LABEL_\($0)" }
    }

    /// The logits of texts; shape `[texts.count, labels.count]`.
    ///
    /// - Complexity: O(tokens · parameters + tokens² · hidden) for each.
    public func classify(_ texts: [String]) -> Matrix { classify(checked: texts.map(loaded.tokenIDs)) }

    /// The logits of sequences of token ids, special tokens included; zeros for an empty one.
    ///
    /// - Throws: `TurnoutError` with code `.invalidArgument` for an id outside the vocabulary or a sequence longer than
    ///   the model has positions.
    /// - Complexity: as ``classify(_:)``
    public func classify(tokenIDs sequences: [[Int32]]) throws -> Matrix {
        try loaded.check(sequences)
        return classify(checked: sequences)
    }

    private func classify(checked sequences: [[Int32]]) -> Matrix {
        let hidden = loaded.model.configuration.hiddenSize
        var result = Matrix(rows: sequences.count, columns: labels.count)
        var inner = [Float](repeating: 0, count: hidden), logits = [Float](repeating: 0, count: labels.count)
        loaded.forEachBatch(of: sequences) { batch, vectors, offsets in
            for (s, index) in batch.enumerated() {
                dense.apply(to: vectors + Int(offsets[s]) * hidden, rows: 1, activation: activation, into: &inner)
                classes.apply(to: inner, rows: 1, into: &logits)
                for (j, logit) in logits.enumerated() { result[index, j] = logit }
            }
        }
        return result
    }
}

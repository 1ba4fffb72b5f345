import TurnoutCore
package import TurnoutNumerics

/// How the vectors of tokens become that of a sentence.
package enum TokenPooling: Sendable {
    /// The first token's.
    case first
    /// The mean.
    case mean
    /// The sum divided by the square root of the number of tokens.
    case meanSquareRoot
    /// The largest of each element.
    case maximum
}

/// What has to be known of a transformer to tune it: its sizes, its numbers and its way of cutting texts.
package struct TransformerBlueprint: Sendable {
    /// The layer norms', the feed-forward layers' and the vocabulary's sizes.
    package let hidden, layers, heads, inner, vocabulary, positions, tokenTypes: Int
    /// The position of the first token.
    package let firstPosition: Int
    /// Added to variances.
    package let epsilon: Float
    /// Between the two linear layers of a token.
    package let activation: Activation
    /// The shares that are left out while learning: of vectors, and of attention.
    package let hiddenDropout, attentionDropout: Float
    /// How a sentence's vector is made, and whether its length becomes 1.
    package let pooling: TokenPooling, normalises: Bool
    /// Whether it is a RoBERTa, whose classification head is built otherwise.
    package let isRoBERTa: Bool
    /// The heads of each layer.
    package let attention: AttentionShape
    /// What follows `query`, `key` and `value` in the names of tensors.
    package let projectionSuffix: String
    /// What attention does with distances, and the places that these have; `nil` for families that do nothing with them.
    package let disentangled: DisentangledConfiguration?, places: RelativePlaces?

    private let loaded: LoadedTransformer

    /// A tensor of the body, by its name without prefix.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` when it is missing, of another shape or not finite.
    package func floats(_ name: String, shape: [Int]) throws -> [Float] {
        try loaded.weights.floats(loaded.weights.tensor(name, shape: shape))
    }

    /// Whether the body has a tensor, by its name without prefix.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` for weights that cannot be read.
    package func has(_ name: String) throws -> Bool { try loaded.weights.bodyTensors.contains { $0.name == name } }

    /// The ids that are read of a text, prompt and special tokens included.
    package func tokenIDs(_ text: String) -> [Int32] { loaded.tokenIDs(text) }
}

extension TransformerEncoder {
    /// What has to be known to tune it.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` when its `config.json` has dropout that cannot be.
    package var blueprint: TransformerBlueprint {
        get throws { try TransformerBlueprint(loaded) }
    }
}

extension TransformerBlueprint {
    private struct DropoutFile: Decodable {
        let hidden_dropout_prob: Float?
        let attention_probs_dropout_prob: Float?
    }

    init(_ loaded: LoadedTransformer) throws {
        let shape = loaded.model.configuration
        let file = try loaded.folder.json(DropoutFile.self, "config.json")
        func share(_ value: Float?, _ key: String) throws -> Float {
            let share = value ?? 0.1
            guard 0..<1 ~= share else {
                throw TurnoutError(
                    .damagedFile,
                    "'\(loaded.folder.path)': config.json has \(key) \(share), but it must be from 0 to below 1")
            }
            return share
        }
        self.loaded = loaded
        self.hidden = shape.hiddenSize
        self.layers = shape.layers
        self.heads = shape.heads
        self.inner = shape.intermediateSize
        self.vocabulary = shape.vocabularyCount
        self.positions = shape.positions
        self.tokenTypes = shape.tokenTypes
        self.firstPosition = shape.family.firstPosition
        self.epsilon = shape.layerNormEpsilon
        self.activation = shape.activation
        self.hiddenDropout = try share(file?.hidden_dropout_prob, "hidden_dropout_prob")
        self.attentionDropout = try share(file?.attention_probs_dropout_prob, "attention_probs_dropout_prob")
        self.normalises = loaded.sentences.normalises
        self.isRoBERTa = shape.family.firstPosition > 0
        self.attention = shape.attention
        self.projectionSuffix = shape.family.projectionSuffix
        self.disentangled = shape.disentangled
        self.places = shape.places
        self.pooling = loaded.sentences.pooling
    }
}

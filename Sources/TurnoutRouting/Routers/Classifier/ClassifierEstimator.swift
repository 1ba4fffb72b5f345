import TurnoutCore
public import TurnoutEncoders
import TurnoutNumerics

/// The chance that a weak model's answer is at least as good as a strong one's, by a transformer that was tuned to tell
/// battles the strong model wins from ties and from those the weak one wins.
///
/// P(strong wins), P(tie), P(weak wins) are the softmax of a head over the first token's vector; the weak model's estimate
/// is P(tie) + P(weak wins), and the strong one's, which it is held against, is 1. Ong et al. 2024, "RouteLLM",
/// section 4.2, the BERT classifier. The tuned encoder is stored in the same file.
public struct ClassifierEstimator: Estimator {
    /// `classifier`.
    public static let kind = "classifier"
    /// Estimates are chances to suffice.
    public static let comparison = Comparison.sufficiency
    /// Strong wins, tie, weak wins.
    package static let classCount = 3

    let head: FirstTokenHead
    /// The tuned encoder, whose vector of a text is that of its first token.
    let encoder: TransformerEncoder?

    /// Takes a head over three classes (strong wins, tie, weak wins) and the encoder that was tuned with it.
    package init(head: FirstTokenHead, encoder: TransformerEncoder?) {
        precondition(head.bias.count == Self.classCount, "a head over three classes")
        self.head = head
        self.encoder = encoder
    }

    /// P(strong wins), P(tie), P(weak wins).
    ///
    /// - Complexity: O(hidden²)
    package func probabilities(of embedding: [Float]) -> [Double] {
        SoftmaxRegression.softmax(head.outputs(of: embedding))
    }

    /// P(tie) + P(weak wins), and 1 for the strong model.
    public func estimates(for query: QueryFeatures) -> [Double] {
        let shares = probabilities(of: query.embedding)
        return [shares[1] + shares[2], 1]
    }

    /// Reads tensors `dense`, `dense_bias`, `weights` and `bias`, and metadata `activation`.
    public init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws {
        guard card.models.count == 2 else {
            throw TurnoutError(
                .damagedFile,
                "\(file.name): a classifier router is for two models, and the card names \(card.models.count)")
        }
        self.init(
            head: try FirstTokenHead(file: file, width: encoder.dimension, outputs: Self.classCount),
            encoder: encoder as? TransformerEncoder)
    }

    /// Adds what ``init(card:file:encoder:)`` reads, and the encoder.
    public func store(in file: inout SafetensorsBuilder) throws {
        try head.store(in: &file)
        try encoder?.store(in: &file)
    }
}

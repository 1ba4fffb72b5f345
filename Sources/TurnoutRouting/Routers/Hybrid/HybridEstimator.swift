import Foundation
import TurnoutCore
public import TurnoutEncoders

/// The chance that a small model's answer is good enough beside a large one's, by one logistic head.
///
/// The large model's estimate is 1: it is what the small one is held against. Ding et al. 2024, "Hybrid LLM", section 3,
/// with a head over an encoder's vector and the surface features, or over the first token of a transformer that was
/// tuned with it, as in the paper.
public struct HybridEstimator: Estimator {
    /// `hybrid`.
    public static let kind = "hybrid"
    /// Estimates are chances to suffice.
    public static let comparison = Comparison.sufficiency

    /// What the chance is read off.
    enum Head: Sendable {
        /// An encoder's vector and the surface features.
        case linear(LinearModel)
        /// The first token of an encoder that was tuned with the head, and is stored in the same file.
        case tuned(FirstTokenHead, TransformerEncoder?)
    }

    let head: Head
    /// The kind of labels that were learnt, such as `transformed`.
    public let labels: String
    /// t*, by how much the small model's answer was allowed to be worse.
    public let relaxation: Double

    /// Takes a model of one head, and what its labels were.
    public init(model: LinearModel, labels: String, relaxation: Double) {
        precondition(model.bias.count == 1, "a hybrid router has one head")
        self.init(.linear(model), labels: labels, relaxation: relaxation)
    }

    /// Takes a head of one output over the first token, the encoder that was tuned with it, and what the labels were.
    package init(head: FirstTokenHead, encoder: TransformerEncoder?, labels: String, relaxation: Double) {
        precondition(head.bias.count == 1, "a hybrid router has one head")
        self.init(.tuned(head, encoder), labels: labels, relaxation: relaxation)
    }

    private init(_ head: Head, labels: String, relaxation: Double) {
        self.head = head
        self.labels = labels
        self.relaxation = relaxation
    }

    /// P(small suffices), and 1 for the large model.
    public func estimates(for query: QueryFeatures) -> [Double] {
        let output =
            switch head {
            case .linear(let model):
                model.outputs(embedding: query.embedding, surface: model.surface.expand(query.surface))[0]
            case .tuned(let head, _): head.outputs(of: query.embedding)[0]
            }
        return [OutputLink.logistic.estimate(output), 1]
    }

    /// Reads tensors `surface`, `weights` and `bias`, or those of a tuned head, and metadata `labels` and `relaxation`.
    public init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws {
        guard card.models.count == 2 else {
            throw TurnoutError(
                .damagedFile, "\(file.name): a hybrid router is for two models, and the card names \(card.models.count)"
            )
        }
        guard let labels = file.metadata["labels"], let relaxation = file.metadata["relaxation"].flatMap(Double.init),
            relaxation.isFinite
        else {
            throw TurnoutError(
                .damagedFile, "\(file.name): metadata 'labels' and 'relaxation' must be there; train the router again")
        }
        guard !file.has("dense") else {
            let head = try FirstTokenHead(file: file, width: encoder.dimension, outputs: 1)
            self.init(
                head: head, encoder: encoder as? TransformerEncoder, labels: labels, relaxation: relaxation)
            return
        }
        let model = try LinearModel(file: file, encoder: encoder)
        guard model.bias.count == 1 else {
            throw TurnoutError(
                .damagedFile, "\(file.name): a hybrid router has one head, not \(model.bias.count); train it again")
        }
        self.init(model: model, labels: labels, relaxation: relaxation)
    }

    /// Adds what ``init(card:file:encoder:)`` reads, and an encoder that was tuned.
    public func store(in file: inout SafetensorsBuilder) throws {
        switch head {
        case .linear(let model): try model.store(in: &file)
        case .tuned(let head, let encoder):
            try head.store(in: &file)
            try encoder?.store(in: &file)
        }
        file.metadata["labels"] = labels
        file.metadata["relaxation"] = "\(relaxation)"
    }
}

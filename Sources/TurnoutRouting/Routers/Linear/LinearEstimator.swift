import Foundation
public import TurnoutCore
public import TurnoutEncoders

/// One logistic or ridge head per model over a text's embedding and surface features.
///
/// The estimate of model m on text x is `link(w_m · f(x) + b_m)`, the link being the logistic function for
/// right-or-wrong outcomes and the identity for graded ones.
/// Somerstep et al. 2025, "CARROT", section 3, with per-model predictors.
public struct LinearEstimator: Estimator {
    /// How a head's linear output becomes an estimate.
    public enum Link: String, Sendable, Codable {
        /// 1 / (1 + e⁻ᶻ): the outcome is right or wrong.
        case logistic
        /// z: the outcome is graded.
        case identity
    }

    /// `linear`.
    public static let kind = "linear"

    let model: LinearModel
    let link: Link

    /// Takes heads, one per model, and how to read them.
    public init(model: LinearModel, link: Link) {
        self.model = model
        self.link = link
    }

    /// One estimate per head.
    public func estimates(for query: QueryFeatures) -> [Double] {
        let outputs = model.outputs(embedding: query.embedding, surface: model.surface.expand(query.surface))
        return switch link {
        case .logistic: outputs.map { 1 / (1 + exp(-$0)) }
        case .identity: outputs
        }
    }

    /// Reads tensors `surface`, `weights` and `bias`, and metadata `link`.
    public init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws {
        guard let text = file.metadata["link"], let link = Link(rawValue: text) else {
            throw TurnoutError(
                .damagedFile, "\(file.name): metadata 'link' must be 'logistic' or 'identity'; train the router again")
        }
        let model = try LinearModel(file: file, encoder: encoder)
        guard model.bias.count == card.models.count else {
            throw TurnoutError(
                .damagedFile,
                "\(file.name): the card names \(card.models.count) models, but there are \(model.bias.count) heads; train the router again"
            )
        }
        self.init(model: model, link: link)
    }

    /// Adds what ``init(card:file:encoder:)`` reads.
    public func store(in file: inout SafetensorsBuilder) throws {
        try model.store(in: &file)
        file.metadata["link"] = link.rawValue
    }
}

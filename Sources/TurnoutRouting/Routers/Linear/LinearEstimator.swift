import TurnoutCore
public import TurnoutEncoders

/// One logistic or ridge head per model over a text's embedding and surface features.
///
/// The estimate of model m on text x is `link(w_m · f(x) + b_m)`, the link being the logistic function for
/// right-or-wrong outcomes and the identity for graded ones.
/// Somerstep et al. 2025, "CARROT", section 3, with per-model predictors.
public struct LinearEstimator: Estimator {
    /// `linear`.
    public static let kind = "linear"

    let model: LinearModel
    let link: OutputLink

    /// Takes heads, one per model, and how to read them.
    public init(model: LinearModel, link: OutputLink) {
        self.model = model
        self.link = link
    }

    /// One estimate per head.
    public func estimates(for query: QueryFeatures) -> [Double] {
        let outputs = model.outputs(embedding: query.embedding, surface: model.surface.expand(query.surface))
        return outputs.map(link.estimate)
    }

    /// Reads tensors `surface`, `weights` and `bias`, and metadata `link`.
    public init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws {
        self.init(
            model: try LinearModel(card: card, file: file, encoder: encoder), link: try OutputLink(file: file))
    }

    /// Adds what ``init(card:file:encoder:)`` reads.
    public func store(in file: inout SafetensorsBuilder) throws {
        try model.store(in: &file)
        link.store(in: &file)
    }
}

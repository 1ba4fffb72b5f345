import Foundation
import TurnoutCore
public import TurnoutEncoders

/// Matrix factorisation of who beats whom on what: a strength of each model on each query, of low rank.
///
/// Ong et al. 2024, "RouteLLM", section 4.2: s(M, q) = w₂ᵀ (v_M ⊙ (W₁ q + b)) and
/// P(M beats N on q) = σ(s(M, q) − s(N, q)). For a given model all of it is one linear function of the query, and that
/// is how it is stored and served: one dot product a model.
///
/// The estimate of a model is its chance to beat a model of average strength on the query.
public struct MatrixFactorisationEstimator: Estimator {
    /// `matrix-factorisation`.
    public static let kind = "matrix-factorisation"
    /// Estimates are chances to beat an average model.
    public static let comparison = Comparison.odds

    let model: LinearModel

    /// Takes the strength of each model as a linear head.
    public init(model: LinearModel) { self.model = model }

    /// One estimate per model.
    public func estimates(for query: QueryFeatures) -> [Double] {
        let strengths = model.outputs(embedding: query.embedding, surface: model.surface.expand(query.surface))
        let average = strengths.reduce(0, +) / Double(strengths.count)
        return strengths.map { 1 / (1 + exp(average - $0)) }
    }

    /// Reads tensors `surface`, `weights` and `bias`.
    public init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws {
        self.init(model: try LinearModel(card: card, file: file, encoder: encoder))
    }

    /// Adds what ``init(card:file:encoder:)`` reads.
    public func store(in file: inout SafetensorsBuilder) throws { try model.store(in: &file) }
}

import Foundation
import TurnoutCore
public import TurnoutEncoders
public import TurnoutNumerics

/// Item response theory: models have abilities, queries have difficulty and discrimination.
///
/// P(m is right on q) = σ(a(q)·θₘ − b(q)), the two-parameter model of Birnbaum 1968 (several dimensions: Reckase 2009).
/// The query's parameters are predicted from its features, so that they are known for queries that nobody answered:
/// a(q) = log(1 + e^(A f(q))) > 0 and b(q) = β·f(q). On graded scales the probability is the share of the scale.
/// A model that is abler in every dimension is estimated above the other on every query.
public struct ItemResponseEstimator: Estimator {
    /// `irt`.
    public static let kind = "irt"

    /// The discriminations before log(1 + eᶻ), then the difficulty; as many heads as dimensions and one more.
    let query: LinearModel
    /// θ; shape `[models, dimensions]`.
    let abilities: Matrix
    /// What 0 and 1 stand for.
    let range: ClosedRange<Double>

    /// Takes query parameters as linear heads and abilities of the models.
    public init(query: LinearModel, abilities: Matrix, range: ClosedRange<Double>) {
        precondition(query.bias.count == abilities.columns + 1, "a head for each dimension, and one for difficulty")
        self.query = query
        self.abilities = abilities
        self.range = range
    }

    /// One estimate per model.
    public func estimates(for features: QueryFeatures) -> [Double] {
        var outputs = query.outputs(embedding: features.embedding, surface: query.surface.expand(features.surface))
        let difficulty = outputs.removeLast()
        let discriminations = outputs.map(softplus)
        return (0..<abilities.rows).map { model in
            let z = zip(discriminations, abilities[row: model]).reduce(-difficulty) { $0 + $1.0 * Double($1.1) }
            return range.lowerBound + (range.upperBound - range.lowerBound) / (1 + exp(-z))
        }
    }

    /// Reads tensors `surface`, `weights`, `bias`, `abilities` and `range`.
    public init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws {
        let query = try LinearModel(file: file, encoder: encoder)
        guard query.bias.count > 1 else {
            throw TurnoutError(
                .damagedFile,
                "\(file.name): tensor 'weights' must have a row for each dimension and one more; train the router again"
            )
        }
        self.init(
            query: query,
            abilities: try file.finiteMatrix("abilities", rows: card.models.count, columns: query.bias.count - 1),
            range: try EstimateRouter.range(of: file))
    }

    /// Adds what ``init(card:file:encoder:)`` reads; the range is stored with every router.
    public func store(in file: inout SafetensorsBuilder) throws {
        try query.store(in: &file)
        try file.add("abilities", matrix: abilities)
    }
}

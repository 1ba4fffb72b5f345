import TurnoutCore
public import TurnoutEncoders

/// The mean of a ``LinearEstimator`` and a ``NearestNeighboursEstimator``.
///
/// Their errors differ: heads carry what holds everywhere over to prompts unlike any in training, neighbours know where
/// the exception is. Wolpert 1992 learns such a mixture; with two members, equal shares are hard to beat and cost no data.
public struct EnsembleEstimator: Estimator {
    /// `ensemble`.
    public static let kind = "ensemble"

    let linear: LinearEstimator
    let neighbours: NearestNeighboursEstimator

    /// Takes both members, trained on the same prompts.
    public init(linear: LinearEstimator, neighbours: NearestNeighboursEstimator) {
        self.linear = linear
        self.neighbours = neighbours
    }

    /// One estimate per model.
    public func estimates(for query: QueryFeatures) -> [Double] {
        zip(linear.estimates(for: query), neighbours.estimates(for: query)).map { ($0 + $1) / 2 }
    }

    /// Reads the tensors and metadata of both members, which share `surface`.
    public init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws {
        self.init(
            linear: try LinearEstimator(card: card, file: file, encoder: encoder),
            neighbours: try NearestNeighboursEstimator(card: card, file: file, encoder: encoder))
    }

    /// Adds what ``init(card:file:encoder:)`` reads.
    public func store(in file: inout SafetensorsBuilder) throws {
        try linear.store(in: &file)
        try neighbours.storeBesideSurface(in: &file)
    }
}

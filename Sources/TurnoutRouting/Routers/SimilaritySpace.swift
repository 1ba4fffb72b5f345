import TurnoutCore
import TurnoutEncoders

/// Where queries are compared: a unit vector of the embedding's direction and the standardised surface features.
///
/// The inner product of two such vectors is a weighted mean of two cosines. The surface features are in it because
/// two prompts about the same thing can differ in what they ask for, and length and form show that.
public struct SimilaritySpace: Sendable, Equatable {
    /// Centre and spread of the surface features.
    public let surface: SurfaceBasis
    /// What the surface features count for beside the embedding's 1; zero leaves them out.
    public let surfaceWeight: Float

    /// Sets the scaling of surface features and their weight, which is finite and not negative.
    public init(surface: SurfaceBasis, surfaceWeight: Float) {
        self.surface = surface
        self.surfaceWeight = surfaceWeight
    }

    /// The length of a vector for embeddings of this length.
    public func dimension(embedding: Int) -> Int { embedding + SurfaceFeatures.count }

    /// The vector of a query, of length 1; zeros where there is neither embedding nor surface.
    public func vector(embedding: some Collection<Float>, surface features: some Collection<Float>) -> [Float] {
        let length = Self.length(embedding)
        var result = embedding.map { length > 0 ? $0 / length : 0 }
        let scale = (surfaceWeight / Float(SurfaceFeatures.count)).squareRoot()
        for (index, value) in features.enumerated() {
            result.append(scale * surface.standardised(value, feature: index))
        }
        let total = Self.length(result)
        return total > 0 ? result.map { $0 / total } : result
    }

    private static func length(_ vector: some Collection<Float>) -> Float {
        Float(vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
    }

    /// Reads tensors `surface` and `surface_weight`.
    init(file: SafetensorsFile) throws {
        let weight = try file.finite("surface_weight")
        guard weight.count == 1, weight[0] >= 0, weight[0] <= 1e6 else {
            throw TurnoutError(
                .damagedFile,
                "\(file.name): tensor 'surface_weight' must hold one number from 0 to 1000000; train the router again")
        }
        self.init(surface: try SurfaceBasis(file: file), surfaceWeight: Float(weight[0]))
    }

    /// Adds what ``init(file:)`` reads.
    func store(in file: inout SafetensorsBuilder) throws {
        try surface.store(in: &file)
        try file.add("surface_weight", floats: [surfaceWeight], shape: [1])
    }
}

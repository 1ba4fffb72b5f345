import TurnoutCore
public import TurnoutEncoders
import TurnoutNumerics

/// A control that knows nothing: a random number for each text, the same every time.
///
/// With two models the win rate of the strong one is that number, uniform in 0…1, so that a threshold of α sends a
/// share of 1 − α to it (Ong et al. 2024, "RouteLLM", the random router of section 4). With more, the model at place t
/// of the ladder, 0 the worst and 1 the best, is estimated at t·u + (1 − t)·(1 − u). Whoever is no better than this
/// router has learnt nothing.
public struct RandomEstimator: Estimator {
    /// `random`.
    public static let kind = "random"
    /// No.
    public static let needsEmbedding = false

    let seed: UInt64
    let models: Int
    let range: ClosedRange<Double>

    /// Sets where the random numbers start, the number of models and the range to fill.
    public init(seed: UInt64, models: Int, range: ClosedRange<Double>) {
        self.seed = seed
        self.models = models
        self.range = range
    }

    /// One estimate per model, all from one random number.
    public func estimates(for query: QueryFeatures) -> [Double] {
        let drawn = number(for: query.text)
        return (0..<models).map { index in
            let place = models > 1 ? Double(index) / Double(models - 1) : 1
            let share = place * drawn + (1 - place) * (1 - drawn)
            return range.lowerBound + (range.upperBound - range.lowerBound) * share
        }
    }

    /// A number in 0 ≤ u < 1 that follows from the text's bytes and the seed.
    ///
    /// The bytes are mixed by FNV-1a (Fowler, Noll and Vo), whose result starts the generator.
    func number(for text: String) -> Double {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        var random = SeededRandom(seed: hash ^ (seed &* 0x9E37_79B9_7F4A_7C15))
        return random.uniform()
    }

    /// Reads metadata `seed` and tensor `range`.
    public init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws {
        guard let seed = file.metadata["seed"].flatMap(UInt64.init) else {
            throw TurnoutError(
                .damagedFile, "\(file.name): metadata 'seed' must be a whole number; train the router again")
        }
        self.init(seed: seed, models: card.models.count, range: try EstimateRouter.range(of: file))
    }

    /// Adds metadata `seed`; the range is stored with every router.
    public func store(in file: inout SafetensorsBuilder) throws { file.metadata["seed"] = String(seed) }
}

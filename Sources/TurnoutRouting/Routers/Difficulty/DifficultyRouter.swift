import Foundation
public import TurnoutCore

/// One ridge head that predicts how hard a text is for language models at large.
///
/// It needs no outcomes of the user's own models: it was trained on minus the mean score over all models of a
/// source, standardised per source, and orders any candidates along a ladder, weakest first. What it says of a
/// candidate is what the weaker and the stronger half of its training models scored on texts as hard as this
/// one, interpolated by the candidate's place on the ladder: a prior, not a measurement of that model.
public struct DifficultyRouter: Router {
    /// P(right) as a function of difficulty z: `1 / (1 + e^-(intercept - slope·z))`.
    public struct Tier: Sendable, Equatable {
        /// Log-odds at average difficulty.
        public let intercept: Double
        /// Log-odds lost per standard deviation of difficulty.
        public let slope: Double

        /// Sets both parameters.
        public init(intercept: Double, slope: Double) {
            self.intercept = intercept
            self.slope = slope
        }

        func probability(at difficulty: Double) -> Double { 1 / (1 + exp(slope * difficulty - intercept)) }
    }

    /// What the router is and what it was trained on.
    public let card: ArtifactCard
    let model: LinearModel
    let weak: Tier
    let strong: Tier
    /// For the weak and the strong tier.
    let reliability: [Reliability]
    /// Predicted difficulty of a sample of training queries by folds that had not seen them, ascending.
    let sample: [Double]

    /// Assembles a router from its trained parts.
    ///
    /// - Throws: ``TurnoutError`` with code `.damagedFile` when the parts do not fit together.
    public init(
        card: ArtifactCard, model: LinearModel, weak: Tier, strong: Tier, reliability: [Reliability], sample: [Double]
    ) throws {
        guard model.bias.count == 1, reliability.count == 2, sample.count >= 2 else {
            throw TurnoutError(
                .damagedFile,
                """
                a difficulty router has one head, two reliability curves and a sample of at least two; found \
                \(model.bias.count), \(reliability.count) and \(sample.count); train the router again
                """)
        }
        self.card = card
        self.model = model
        self.weak = weak
        self.strong = strong
        self.reliability = reliability
        self.sample = sample.sorted()
    }

    /// Estimates what each candidate would be worth on a text.
    public func assess(_ text: String, candidates: [ModelID]) -> Assessment {
        let difficulty = model.outputs(for: text)[0]
        return Assessment(
            score: Quantiles.rank(of: difficulty, in: sample),
            estimates: estimates(at: difficulty, candidateCount: candidates.count))
    }

    /// One estimate for each place on the ladder, weakest first.
    private func estimates(at difficulty: Double, candidateCount: Int) -> [Estimate] {
        let (pWeak, pStrong) = (weak.probability(at: difficulty), strong.probability(at: difficulty))
        let (weakInterval, strongInterval) = (reliability[0].interval(at: pWeak), reliability[1].interval(at: pStrong))
        return (0..<candidateCount).map { index in
            let place = candidateCount < 2 ? 1 : Double(index) / Double(candidateCount - 1)
            func between(_ a: Double, _ b: Double) -> Double { a + (b - a) * place }
            return Estimate(
                value: between(pWeak, pStrong), low: between(weakInterval.low, strongInterval.low),
                high: between(weakInterval.high, strongInterval.high))
        }
    }

    /// Scores of a sample of training queries, ascending.
    public func referenceScores(candidates: [ModelID]) -> [Double] {
        sample.map { Quantiles.rank(of: $0, in: sample) }
    }

    /// Estimates for the sample; of an average model of each tier, not of these candidates.
    public func referenceEstimates(candidates: [ModelID]) -> [[Double]] {
        sample.map { estimates(at: $0, candidateCount: candidates.count).map(\.value) }
    }

    /// Refuses candidates that the router cannot estimate.
    public func validate(candidates: [ModelID]) throws {}
}

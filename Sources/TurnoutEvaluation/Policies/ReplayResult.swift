public import TurnoutCore

/// What a replay of policies found; intervals hold 95 % of resamples of the prompts.
public struct ReplayResult: Sendable {
    /// A policy at one setting, or a model by itself.
    public struct Setting: Sendable {
        /// The policy as it stands in a configuration, or the model's name.
        public let name: String
        /// Mean score.
        public let quality: Interval
        /// Mean dollars of a prompt.
        public let cost: Interval
        /// Mean score less that of the same models in the same shares, dealt out at random.
        public let overRandom: Interval
        /// The share of prompts that each model answers, the largest first; none of 0.
        public let shares: [(model: ModelID, share: Double)]
    }

    /// A policy at all settings, or a baseline.
    public struct Sweep: Sendable {
        /// The parameter, or the baseline's name.
        public let name: String
        /// Whether it needs no router, or more than any could know.
        public let isBaseline: Bool
        /// What keeping parts of the best single model's quality costs, in the order of ``ReplayResult/targets``.
        public let prices: [Price]
        /// The best quality at each of 41 budgets.
        public let curve: [(cost: Double, quality: Interval)]
    }

    /// What keeping a part of the best single model's quality costs.
    public struct Price: Sendable {
        /// The part, such as 0.95.
        public let target: Double
        /// Mean dollars of a prompt; `nil` where no setting reaches the quality on all data.
        public let cost: Interval?
        /// The same as a share of the best single model's cost.
        public let shareOfBest: Interval?
        /// The share of resamples in which some setting reaches the quality.
        public let reached: Double
        /// The part that is kept on prompts that a resample left out, by the setting that was the cheapest to keep the
        /// target on the resample; `nil` where too few had one.
        public let keptUnseen: Interval?
    }

    /// The parts of the best single model's quality that are priced.
    public static let targets = [0.95, 0.99]

    /// Prompts.
    public let count: Int
    /// Groups drawn together, where there are any.
    public let groups: Int?
    /// Resamples behind the intervals.
    public let resamples: Int
    /// From the worst to the best.
    public let models: [Setting]
    /// The policies in the order given.
    public let settings: [Setting]
    /// The families of the policies, then baselines.
    public let sweeps: [Sweep]
    /// What a reader should know of the data.
    public var notes: [String]

    /// The model with the best mean score.
    public var best: Setting { models[models.count - 1] }
}

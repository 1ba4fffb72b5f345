public import TurnoutCore

/// What a comparison of routers found; every figure has a 95 % interval.
public struct EvaluationResult: Sendable {
    /// A model by itself.
    public struct Model: Sendable {
        /// Its name.
        public let model: ModelID
        /// Its mean score.
        public let quality: Interval
        /// Its mean cost in dollars a prompt, where known.
        public let cost: Interval?
    }

    /// What a router's ranking is worth between the worst and the best model.
    public struct Pair: Sendable {
        /// The least strong share that recovers part of the gap.
        public struct CallShare: Sendable {
            /// The part of the gap, such as .5 for CPT50.
            public let target: Double
            /// The share of prompts that the strong model gets.
            public let share: Interval
            /// How many times as many a random choice needs.
            public var ratioToRandom: Interval {
                // The ratio falls as the share rises, so that the ends change places.
                Interval(value: target / share.value, low: target / share.high, high: target / share.low)
            }
        }

        /// One point of the curve.
        public struct Point: Sendable {
            /// Share of prompts that the strong model gets.
            public let strongShare: Double
            /// Performance gap recovered.
            public let recovered: Interval
        }

        /// Average performance gap recovered.
        public let apgr: Interval
        /// CPT20, CPT50, CPT80 and CPT95.
        public let callShares: [CallShare]
        /// The curve at 41 shares.
        public let curve: [Point]
        /// APGR, CPT20, CPT50 and CPT80 by the ten bins of the reference implementation, where it would give them.
        public let tenBin: [Interval]?
    }

    /// What a router is worth for its money.
    public struct Frontier: Sendable {
        /// A budget and what it buys.
        public struct Point: Sendable {
            /// Dollars a prompt.
            public let cost: Double
            /// Mean score.
            public let quality: Interval
        }

        /// A quality and what it costs.
        public struct Price: Sendable {
            /// The part of the way from the cheapest model's quality to the best one's.
            public let target: Double
            /// The quality itself.
            public let quality: Double
            /// Dollars a prompt, over the resamples that reach the quality.
            ///
            /// `nil` where no setting reaches it on all the data.
            public let cost: Interval?
            /// The share of resamples in which some setting reaches it.
            public let reached: Double
        }

        /// Mean quality over all budgets from the cheapest model to the dearest: the area under the hull over its width.
        public let area: Interval
        /// Quality at 41 budgets.
        public let curve: [Point]
        /// Cost of 50, 80, 95 and 100 % of the way to the best model.
        public let prices: [Price]
        /// The corners of the non-decreasing hull.
        public let hull: [CostQuality]
    }

    /// A router or a baseline.
    public struct Entry: Sendable {
        /// What it is called.
        public let name: String
        /// Its ranking between the worst and the best model, where there is a gap and it ranks.
        public let pair: Pair?
        /// Quality for money, where costs are known.
        public let frontier: Frontier?
        /// Mean score when each prompt goes to the model of the highest estimate, whatever it costs.
        public let quality: Interval?
        /// Mean cost of that in dollars a prompt, where known.
        public let cost: Interval?
        /// How prompts are shared out then.
        public let shares: [ModelID: Double]
        /// How far estimates are from outcomes.
        public let calibration: Calibration?
        /// Microseconds that a decision takes, where it was measured.
        public let microsPerDecision: Double?
    }

    /// How far estimates are from outcomes.
    public struct Calibration: Sendable {
        /// Expected calibration error, the mean over models.
        public let error: Interval
        /// What it would come to by chance, were every estimate right.
        public let errorByChance: Double
        /// A table for each model.
        public let tables: [(model: ModelID, table: CalibrationTable)]
    }

    /// Whether one router is better than another.
    public struct Difference: Sendable, Equatable {
        /// The router.
        public let router: String
        /// What it is compared with.
        public let over: String
        /// Its figure minus the other's.
        public let difference: Interval
        /// Two-sided p value by itself.
        public let p: Double
        /// By Holm, over all differences of the report.
        public let adjustedP: Double
        /// Whether it is shown, at 5 % over all differences together.
        public var isShown: Bool { adjustedP <= 0.05 }
    }

    /// What routers are compared by.
    public enum Measure: String, Sendable {
        /// Average performance gap recovered between two models.
        case apgr
        /// Mean quality over budgets.
        case area
        /// Mean score of the models chosen.
        case quality
    }

    /// Prompts measured on.
    public let count: Int
    /// Groups drawn together, where there are any.
    public let groups: Int?
    /// Resamples behind the intervals.
    public let resamples: Int
    /// The models, from the worst to the best.
    public let models: [Model]
    /// Whether the first and the last model are a pair with a gap to recover.
    public let hasPair: Bool
    /// The routers, in the order given.
    public let routers: [Entry]
    /// Random, length, best single, hull, shuffled and oracle, as far as they have a meaning here.
    public let baselines: [Entry]
    /// What ``differences`` are differences of.
    public let measure: Measure
    /// Each router against chance or the best without routing, against length, and against each other.
    public let differences: [Difference]
    /// Whether to route.
    public let verdict: Verdict
    /// What a reader should know of the data.
    public var notes: [String]
    /// The prompts on which each router erred most, in the order of ``routers``.
    public let mistakes: [[Mistake]]
}

/// A prompt that a router sent to the wrong model with confidence.
public struct Mistake: Sendable {
    /// The number of the row in the data.
    public let row: Int
    /// Where it was sent.
    public let sent: ModelID
    /// Where it should have gone.
    public let better: ModelID
    /// What was lost by that.
    public let loss: Double
    /// How far the router was on the wrong side, 0…1 by rank among all prompts.
    public let confidence: Double
}

public import TurnoutCore

/// What is in some files of outcomes, battles and labels.
///
/// Figures are of rows as they stand in the files; repeated prompts are counted and not merged. Intervals are of 95 %.
public struct DatasetDescription: Sendable, Encodable {
    /// One file.
    public struct File: Sendable, Encodable {
        /// Name without its folder.
        public var name: String
        /// Rows that were read.
        public var rows = 0
        /// Rows whose prompt stood before, in this file or an earlier one.
        public var repeated = 0
        /// Rows that could not be read.
        public var bad = 0
        /// Rows left out at the user's wish.
        public var excluded = 0
        /// Why the first few could not be read.
        public var reasons: [String] = []
    }

    /// Rows with a name in common.
    public struct Count: Sendable, Encodable, Equatable {
        /// The category, label or group.
        public let name: String
        /// How many rows have it.
        public let rows: Int
    }

    /// Lengths or durations: the number that a share of the rows do not exceed, within 1 %.
    public struct Quantiles: Sendable, Encodable {
        /// 5 % do not exceed it.
        public let p5: Double
        /// Half do not exceed it.
        public let p50: Double
        /// 95 % do not exceed it.
        public let p95: Double
        /// The greatest, exactly.
        public let greatest: Double

        init?(_ sketch: QuantileSketch) {
            guard let p5 = sketch.quantile(0.05), let p50 = sketch.quantile(0.5), let p95 = sketch.quantile(0.95) else {
                return nil
            }
            (self.p5, self.p50, self.p95, self.greatest) = (p5, p50, p95, sketch.greatest)
        }
    }

    /// One model.
    public struct Model: Sendable, Encodable {
        /// Its name.
        public let model: ModelID
        /// Rows with a score of it.
        public let scored: Int
        /// Rows with scores of others but not of it.
        public let missing: Int
        /// Its mean score.
        public let quality: Interval?
        /// Least and greatest score.
        public let range: [Double]
        /// Whether every score is 0 or 1.
        public let isRightOrWrong: Bool
        /// How often it was compared with another: battles, and pairs of scores on rows without battles.
        public let comparisons: Int
        /// The share of comparisons that it won, ties half.
        public let winShare: Double?
        /// Dollars a call.
        public let costUsd: Interval?
        /// Tokens read a call.
        public let inputTokens: Interval?
        /// Tokens written a call.
        public let outputTokens: Interval?
        /// Seconds a call.
        public let latency: Quantiles?

        /// Whether all its scores are the same, which teaches nothing.
        public var isConstant: Bool { scored > 0 && range.first == range.last }
    }

    /// Two models on the rows that have a score of both, or on their battles.
    public struct Pair: Sendable, Encodable {
        /// The first model.
        public let modelA: ModelID
        /// The second model.
        public let modelB: ModelID
        /// How often the first did better.
        public let winsA: Int
        /// How often the second did better.
        public let winsB: Int
        /// How often neither did.
        public let ties: Int
        /// Score of the first minus score of the second, where both have one.
        public let gap: Interval?
        /// The standard deviation of an APGR that says nothing, on these rows: what an APGR measured here is worth.
        public let apgrDeviation: Double?

        /// How often they were compared.
        public var comparisons: Int { winsA + winsB + ties }
    }

    /// A model's place in the Elo table.
    public struct Rating: Sendable, Encodable {
        /// The model.
        public let model: ModelID
        /// 400 / ln 10 times the Bradley–Terry rating, plus 1000.
        public let elo: Double
        /// Its interval, by leaving out a twentieth of the prompts at a time.
        public let interval: Interval?
        /// Its tier, 0 for the strongest.
        public let tier: Int
    }

    /// Whether the data is enough for something.
    public struct Use: Sendable, Encodable {
        /// The answer.
        public enum Answer: String, Sendable, Encodable {
            /// Enough.
            case yes
            /// It can be done, but the result will be uncertain.
            case little
            /// It cannot be done.
            case no
        }
        /// What for.
        public let purpose: String
        /// The answer.
        public let answer: Answer
        /// Why.
        public let reason: String
    }

    /// Rows that are nearly the same as rows to be tested on.
    public struct Contamination: Sendable, Encodable {
        /// One of them.
        public struct Match: Sendable, Encodable {
            /// File and line of the row.
            public let row: String
            /// File and line of the row to be tested on.
            public let testRow: String
            /// The cosine of their embeddings.
            public let cosine: Float
        }
        /// The encoder that made the embeddings.
        public let encoder: String
        /// The least cosine that counts.
        public let threshold: Float
        /// Rows to be tested on.
        public let testRows: Int
        /// How many rows are nearly the same as one of them.
        public var rows = 0
        /// The first twenty.
        public var matches: [Match] = []
    }

    /// The files, in the order read.
    public var files: [File] = []
    /// Rows that have scores.
    public var outcomes = 0
    /// Battles.
    public var battles = 0
    /// Rows that have a label.
    public var labelled = 0
    /// Different prompts by ``TextIdentity``, counted by 64-bit hashes.
    public var distinctPrompts = 0
    /// Lengths of prompts in characters (Unicode scalars).
    public var characters: Quantiles?
    /// Categories, the most frequent first; the first ten thousand.
    public var categories: [Count] = []
    /// Labels, likewise.
    public var labels: [Count] = []
    /// Values of the field to group by, likewise.
    public var groups: [Count] = []
    /// Models, the best mean score or win share first.
    public var models: [Model] = []
    /// Pairs that were compared, in the order of ``models``.
    public var pairs: [Pair] = []
    /// What an oracle that always takes the best model gains over the best single one.
    public var oracleGain: Interval?
    /// Elo ratings and tiers, the strongest first.
    public var ratings: [Rating] = []
    /// Ties imagined between models that met, without which a rating would be infinite; 0 where it is not.
    public var ratingPrior = 0.0
    /// What a reader should know before training.
    public var warnings: [String] = []
    /// What it is enough for.
    public var uses: [Use] = []
    /// Likeness to rows that are to be tested on, where they were given.
    public var contamination: Contamination?

    /// All rows that were read.
    public var rows: Int { files.reduce(0) { $0 + $1.rows } }

    /// The pair of these two models, `modelA` being the first of them in ``models``.
    public func pair(_ a: ModelID, _ b: ModelID) -> Pair? {
        pairs.first { $0.modelA == a && $0.modelB == b || $0.modelA == b && $0.modelB == a }
    }
}

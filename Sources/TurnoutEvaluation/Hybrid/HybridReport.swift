import Foundation
public import TurnoutCore

/// What `turnout hybrid` says: cost advantage against quality drop for each kind of label.
public struct HybridReport: Sendable {
    /// A router trained on one kind of label.
    public struct Curve: Sendable {
        /// The labels.
        public let kind: HybridLabels.Kind
        /// t*.
        public let relaxation: Double
        /// Drop in percent at each of ``DropCurve/advantages``, on the test queries.
        public let drops: [Interval]
        /// The threshold with the greatest advantage that kept the promise on the validation queries.
        public let chosen: DropCurve.Cut
        /// What share of the test queries it sends to the small model.
        public let testAdvantage: Interval
        /// What that loses there, percent.
        public let testDrop: Interval

        /// Bundles them.
        public init(
            kind: HybridLabels.Kind, relaxation: Double, drops: [Interval], chosen: DropCurve.Cut,
            testAdvantage: Interval, testDrop: Interval
        ) {
            self.kind = kind
            self.relaxation = relaxation
            self.drops = drops
            self.chosen = chosen
            self.testAdvantage = testAdvantage
            self.testDrop = testDrop
        }
    }

    /// Another pair on which the router might be used.
    public struct Correlation: Sendable {
        /// The pair's small model.
        public let small: ModelID
        /// The pair's large model.
        public let large: ModelID
        /// How alike the quality gaps are.
        public let correlation: GapCorrelation

        /// Bundles them.
        public init(small: ModelID, large: ModelID, correlation: GapCorrelation) {
            self.small = small
            self.large = large
            self.correlation = correlation
        }
    }

    private let small: ModelID
    private let large: ModelID
    private let counts: [Int]
    private let samples: Int
    private let means: [Double]
    private let mostDrop: Double
    private let curves: [Curve]
    private let correlations: [Correlation]

    /// - Parameters:
    ///   - small: The small model.
    ///   - large: The large model.
    ///   - counts: Queries trained on, chosen a threshold on, tested on.
    ///   - samples: The most samples that a query has of the small model.
    ///   - means: Mean quality of the small and the large model on the test queries.
    ///   - mostDrop: The drop that thresholds promise, percent.
    ///   - curves: One for each kind of label.
    ///   - correlations: Other pairs.
    public init(
        small: ModelID, large: ModelID, counts: [Int], samples: Int, means: [Double], mostDrop: Double,
        curves: [Curve], correlations: [Correlation]
    ) {
        self.small = small
        self.large = large
        self.counts = counts
        self.samples = samples
        self.means = means
        self.mostDrop = mostDrop
        self.curves = curves
        self.correlations = correlations
    }

    /// The drop of sending queries to the small model at random, at each advantage.
    private var random: [Double] {
        DropCurve.advantages.map { $0 * 100 * (means[1] - means[0]) / abs(means[1]) }
    }

    /// Whether any threshold that sends something to the small model keeps on the test queries what it promises.
    public var keepsPromise: Bool {
        curves.contains { $0.testDrop.value <= mostDrop && $0.testAdvantage.value > 0 }
    }

    /// For people.
    public func text() -> String {
        var lines = [
            "small \(small), mean quality \(Self.number(means[0])); large \(large), \(Self.number(means[1]))",
            "queries: \(counts[0]) to train on, \(counts[1]) to choose thresholds on, \(counts[2]) to test on; "
                + (samples > 1 ? "\(samples) samples a model" : "one sample a model"),
            "", "quality drop in percent, by share of queries to the small model, with 95 % intervals:",
        ]
        let shown = DropCurve.advantages.indices.filter { $0 > 0 && $0 % 2 == 0 }
        let header = "advantage" + curves.map { Self.padded($0.kind.rawValue, 26) }.joined() + Self.padded("random", 10)
        lines.append("  " + header)
        for index in shown {
            let share = String(format: "%8.0f %%", DropCurve.advantages[index] * 100)
            let cells = curves.map { Self.padded(Self.percent($0.drops[index]), 26) }.joined()
            lines.append("  " + share.suffix(9) + cells + Self.padded(Self.number(random[index]), 10))
        }
        lines += ["", "thresholds for a drop of at most \(Self.number(mostDrop)) %, chosen on the validation queries:"]
        lines += curves.map { curve in
            let isKept = curve.testDrop.value <= mostDrop
            let kept = !isKept ? "BROKEN" : curve.testAdvantage.value > 0 ? "kept" : "kept, by sending nothing"
            let relaxation = curve.kind == .transformed ? " (t* = \(Self.number(curve.relaxation)))" : ""
            return
                "  \(curve.kind.rawValue)\(relaxation): validation \(Self.number(100 * curve.chosen.advantage)) % to the "
                + "small model, drop \(Self.number(curve.chosen.drop)); test "
                + "\(Self.percent(curve.testAdvantage.map { 100 * $0 })) %, drop \(Self.percent(curve.testDrop)): \(kept)"
        }
        return (lines + correlationLines).joined(separator: "\n")
    }

    private var correlationLines: [String] {
        guard !correlations.isEmpty else { return [] }
        return ["", "quality gaps of other pairs, correlation with this one's:"]
            + correlations.map { other in
                let r = other.correlation
                let warning =
                    r.isWeak ? "  WARNING: below \(GapCorrelation.least); do not use this router on that pair" : ""
                return "  \(other.small) and \(other.large): r = \(Self.percent(r.interval)), n = \(r.count)\(warning)"
            }
    }

    /// The picture as an SVG file.
    public func svg() -> String {
        let lines = curves.map { curve in
            CurveChart.Line(
                name: curve.kind.rawValue,
                points: zip(DropCurve.advantages, curve.drops).map { (x: $0, y: $1) }, isBaseline: false)
        }
        let chance = CurveChart.Line(
            name: "random",
            points: zip(DropCurve.advantages, random).map {
                (x: $0, y: Interval(value: $1, low: $1, high: $1))
            }, isBaseline: true)
        return CurveChart(
            title: "Quality drop against the share of prompts that \(small) answers; bands hold 95 % of resamples.",
            xTitle: "Cost advantage: share of prompts to the small model", yTitle: "Quality drop, %",
            lines: lines + [chance], dots: [], xLabel: { "\(Int(($0 * 100).rounded())) %" }
        ).svg + "\n"
    }

    /// For machines: one object.
    ///
    /// - Throws: What the encoder throws; an infinite threshold is null.
    public func json() throws -> String {
        let object = JSON(
            small: small.name, large: large.name, n_train: counts[0], n_validation: counts[1], n_test: counts[2],
            samples: samples, max_drop: mostDrop, advantages: DropCurve.advantages, random_drops: random,
            routers: curves.map { curve in
                .init(
                    labels: curve.kind.rawValue, relaxation: curve.relaxation, drops: curve.drops,
                    threshold: curve.chosen.threshold.isFinite ? curve.chosen.threshold : nil,
                    validation_advantage: curve.chosen.advantage, validation_drop: curve.chosen.drop,
                    test_advantage: curve.testAdvantage, test_drop: curve.testDrop,
                    kept: curve.testDrop.value <= mostDrop, sends_nothing: curve.testAdvantage.value == 0)
            },
            correlations: correlations.map {
                .init(
                    small: $0.small.name, large: $0.large.name, r: $0.correlation.interval, n: $0.correlation.count,
                    is_weak: $0.correlation.isWeak)
            })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return String(decoding: try encoder.encode(object), as: UTF8.self)
    }

    private struct JSON: Encodable {
        struct Router: Encodable {
            let labels: String, relaxation: Double, drops: [Interval], threshold: Double?
            let validation_advantage: Double, validation_drop: Double, test_advantage: Interval, test_drop: Interval
            let kept: Bool
            let sends_nothing: Bool
        }
        struct Pair: Encodable {
            let small: String, large: String, r: Interval, n: Int, is_weak: Bool
        }
        let small: String, large: String, n_train: Int, n_validation: Int, n_test: Int, samples: Int
        let max_drop: Double, advantages: [Double], random_drops: [Double]
        let routers: [Router], correlations: [Pair]
    }

    private static func percent(_ interval: Interval) -> String {
        "\(number(interval.value)) [\(number(interval.low)), \(number(interval.high))]"
    }

    private static func number(_ value: Double) -> String { String(format: "%.2f", value) }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
    }
}

import Foundation
import Testing
import TurnoutCore

@testable import TurnoutEvaluation

/// What `Reference/make_hybrid_goldens.py` wrote.
private struct HybridGolden: Decodable {
    let small: [[Double]]
    let large: [[Double]]
    let estimates: [Double]
    let deterministic: [Double]
    let probabilistic: [Double]
    let relaxation: Double
    let transformed: [Double]
    let objectives: [Double]
    let cuts: [[Double?]]
    let advantageAtFivePercent: Double
    let drops: [Double]
    let otherGaps: [Double]
    let correlation: Double

    static func load() throws -> HybridGolden {
        let fixtures = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        return try JSONDecoder().decode(
            HybridGolden.self, from: Data(contentsOf: fixtures.appendingPathComponent("hybrid.json")))
    }

    var samples: [QualitySamples] { zip(small, large).map { QualitySamples(small: $0, large: $1) } }
}

@Suite("Labels and curves of Hybrid LLM")
struct HybridTests {
    private let golden: HybridGolden

    init() throws { golden = try HybridGolden.load() }

    private func isClose(_ a: [Double], _ b: [Double]) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-9 }
    }

    @Test("the three kinds of label are those of the formulas")
    func labels() {
        #expect(HybridLabels(.deterministic, golden.samples).values == golden.deterministic)
        #expect(isClose(HybridLabels(.probabilistic, golden.samples).values, golden.probabilistic))
        let transformed = HybridLabels(.transformed, golden.samples)
        #expect(abs(transformed.relaxation - golden.relaxation) < 1e-12)
        #expect(isClose(transformed.values, golden.transformed))
    }

    @Test("the sorted form is the sum over all pairs, at every point of the grid")
    func objective() {
        let lags = golden.samples.map(\.lags)
        let objectives = HybridLabels.grid(for: lags).map {
            HybridLabels.meanDifference(HybridLabels.labels(lags, relaxation: $0))
        }
        #expect(isClose(objectives, golden.objectives))
        #expect(HybridLabels.meanDifference([]) == 0 && HybridLabels.meanDifference([0.3]) == 0)
    }

    @Test("gaps of -0.05, -0.25 and 0: equal maxima at 0.1 and 0.2, of which the smaller counts, and 0 at 0.3")
    func workedExample() {
        let lags = [-0.05, -0.25, 0.0].map { QualitySamples(small: [$0], large: [0]).lags }
        let spreads = [0.1, 0.2, 0.3].map { HybridLabels.meanDifference(HybridLabels.labels(lags, relaxation: $0)) }
        #expect(isClose(spreads, [4.0 / 9, 4.0 / 9, 0]))
        #expect(HybridLabels.bestRelaxation(lags, grid: [0.1, 0.2, 0.3]) == 0.1)
    }

    @Test("where answers are right or wrong, no t below 1 changes a label, and t* is 0")
    func binary() {
        let samples = (0..<30).map { QualitySamples(small: [Double($0 % 2)], large: [Double($0 % 3 == 0 ? 0 : 1)]) }
        let labels = HybridLabels(.transformed, samples)
        #expect(labels.relaxation == 0 && labels.values == HybridLabels(.deterministic, samples).values)
        let never = HybridLabels(.transformed, [QualitySamples(small: [1], large: [0])])
        #expect(never.relaxation == 0 && never.values == [1])
    }

    @Test("scores that differ by rounding alone are equal")
    func rounding() {
        let samples = [
            QualitySamples(small: [0.1 + 0.2], large: [0.3]), QualitySamples(small: [0.3], large: [0.1 + 0.2]),
        ]
        #expect(HybridLabels(.deterministic, samples).values == [1, 1])
    }

    @Test("a row without samples has one, its score; a row without a score of both models has none")
    func rows() {
        var row = OutcomeRow(prompt: "p", scores: ["s": 0.5, "l": 1])
        #expect(QualitySamples(row, small: "s", large: "l") == QualitySamples(small: [0.5], large: [1]))
        row.samples = ["s": [0, 1]]
        #expect(QualitySamples(row, small: "s", large: "l") == QualitySamples(small: [0, 1], large: [1]))
        row.scores["l"] = nil
        #expect(QualitySamples(row, small: "s", large: "l") == nil)
    }

    @Test("advantage and drop at every cut, between cuts, and the best cut within a promise")
    func curve() {
        let curve = DropCurve(estimates: golden.estimates, samples: golden.samples)
        #expect(isClose(curve.cuts.map(\.advantage), golden.cuts.map { $0[0] ?? .nan }))
        #expect(isClose(curve.cuts.map(\.drop), golden.cuts.map { $0[1] ?? .nan }))
        #expect(isClose(curve.cuts.dropFirst().map(\.threshold), golden.cuts.dropFirst().map { $0[2] ?? .nan }))
        let drops = curve.drops(resamples: 40, seed: 1, threads: 2)
        #expect(isClose(drops.map(\.value), golden.drops))
        #expect(drops.allSatisfy { $0.low <= $0.high })
        let cut = curve.cut(mostDrop: 5)
        #expect(abs(cut.advantage - golden.advantageAtFivePercent) < 1e-12)
        let outcome = curve.outcome(ofThreshold: cut.threshold, resamples: 40, seed: 1, threads: 1)
        #expect(outcome.advantage.value == cut.advantage && abs(outcome.drop.value - cut.drop) < 1e-9)
        #expect(outcome.drop.low < outcome.drop.high)
    }

    @Test("where every cut loses too much, nothing goes to the small model")
    func infeasible() {
        let samples = (0..<10).map { _ in QualitySamples(small: [0], large: [1]) }
        let cut = DropCurve(estimates: (0..<10).map(Double.init), samples: samples).cut(mostDrop: 1)
        #expect(cut.advantage == 0 && cut.threshold == .infinity)
    }

    @Test("the correlation of gaps is Pearson's, warns below .7 and where there is none")
    func correlation() {
        let gaps = golden.samples.map(\.gap)
        let r = GapCorrelation(gaps, golden.otherGaps, resamples: 200)
        #expect(abs(r.interval.value - golden.correlation) < 1e-9 && r.count == 60)
        #expect(r.interval.low < r.interval.value && r.interval.value < r.interval.high)
        #expect(r.isWeak == (golden.correlation < 0.7))
        #expect(!GapCorrelation(gaps, gaps.map { 2 * $0 }, resamples: 20).isWeak)
        #expect(GapCorrelation(gaps, gaps.map { _ in 1 }, resamples: 20).isWeak)
    }
}

import Foundation
import Testing
import TurnoutCore

@testable import TurnoutEvaluation

/// Made by Reference/make_evaluation_goldens.py.
private struct EvaluationGoldens: Decodable {
    struct TenBins: Decodable {
        let strong, weak, score, cpt: [Double]
        let apgr: Double
    }
    struct Calibration: Decodable {
        let predicted, outcome: [Double]
        let ece: Double
    }
    struct Holm: Decodable {
        let p, adjusted: [Double]
    }
    let tenBins: [TenBins]
    let calibration: Calibration
    let holm: Holm

    static func load() throws -> EvaluationGoldens {
        let url = try #require(
            Bundle.module.url(forResource: "evaluation", withExtension: "json", subdirectory: "Fixtures"))
        return try JSONDecoder().decode(EvaluationGoldens.self, from: Data(contentsOf: url))
    }
}

@Suite("Metrics of an evaluation")
struct EvaluationMetricsTests {
    @Test("ten-bin APGR and CPT are those of the reference implementation, falling curves included")
    func tenBins() throws {
        for golden in try EvaluationGoldens.load().tenBins {
            let outcomes = try PairOutcomes(strong: golden.strong, weak: golden.weak)
            let ranking = RankedGains(scores: golden.score, outcomes: outcomes)
            let figures = TenBinFigures(ranking, counts: [UInt32](repeating: 1, count: outcomes.count))
            #expect(abs(figures.apgr - golden.apgr) < 1e-9)
            for (found, wanted) in zip(figures.callShares, golden.cpt) { #expect(abs(found - wanted) < 1e-9) }
        }
    }

    @Test("ten bins of scores with too many ties are refused, as the reference refuses them")
    func tenBinsTied() throws {
        let outcomes = try PairOutcomes(
            strong: [Double](repeating: 1, count: 30), weak: [Double](repeating: 0, count: 30))
        let ranking = RankedGains(scores: (0..<30).map { Double($0 / 10) }, outcomes: outcomes)
        #expect(TenBinFigures(ranking, counts: [UInt32](repeating: 1, count: 30)).apgr.isNaN)
    }

    @Test("a query counted twice is a query that stands twice in the data")
    func counts() throws {
        let golden = try EvaluationGoldens.load().tenBins[2]
        let outcomes = try PairOutcomes(strong: golden.strong, weak: golden.weak)
        let counts = outcomes.strong.indices.map { UInt32($0 % 3) }
        let repeated = counts.indices.flatMap { [Int](repeating: $0, count: Int(counts[$0])) }
        let again = try PairOutcomes(
            strong: repeated.map { golden.strong[$0] }, weak: repeated.map { golden.weak[$0] })
        let ones = [UInt32](repeating: 1, count: repeated.count)
        let ranking = RankedGains(scores: golden.score, outcomes: outcomes)
        let unrolled = RankedGains(scores: repeated.map { golden.score[$0] }, outcomes: again)
        let (a, b) = (RankingFigures(ranking, counts: counts), RankingFigures(unrolled, counts: ones))
        #expect(abs(a.apgr - b.apgr) < 1e-12)
        for (x, y) in zip(a.callShares + a.recovered, b.callShares + b.recovered) { #expect(abs(x - y) < 1e-12) }
    }

    @Test("the calibration error is numpy's, and by chance it is not nothing")
    func calibration() throws {
        let golden = try EvaluationGoldens.load().calibration
        let table = CalibrationTable(predictions: golden.predicted, outcomes: golden.outcome)
        #expect(abs(table.expectedError - golden.ece) < 1e-12)
        #expect(table.bins.count == 10 && table.bins.allSatisfy { $0.count == 60 })
        #expect(table.errorByChance > 0.02 && table.errorByChance < 0.06)
        let residuals = zip(golden.predicted, golden.outcome).map { $0 - $1 }
        let counted = table.expectedError(residuals: residuals, counts: [UInt32](repeating: 1, count: 600))
        #expect(abs(counted - golden.ece) < 1e-12)
    }

    @Test("Holm's correction is the textbook's")
    func holm() throws {
        let golden = try EvaluationGoldens.load().holm
        for (found, wanted) in zip(HolmCorrection.adjusted(golden.p), golden.adjusted) {
            #expect(abs(found - wanted) < 1e-12)
        }
        #expect(HolmCorrection.adjusted([]).isEmpty)
        #expect(HolmCorrection.pValue(difference: 0, resampled: [0, 0, 0]) == 1)
        #expect(
            HolmCorrection.pValue(difference: 0.1, resampled: (0..<99).map { 0.1 + Double($0 - 49) / 1000 }) < 0.001)
    }

    @Test("the hull keeps what a mix cannot beat, and only what rises")
    func hull() {
        let hull = CostQualityHull([
            .init(cost: 1, quality: 0.5), .init(cost: 2, quality: 0.5), .init(cost: 3, quality: 0.8),
            .init(cost: 2, quality: 0.6), .init(cost: 5, quality: 0.9), .init(cost: 9, quality: 0.85),
        ])
        #expect(hull.points.map(\.cost) == [1, 3, 5])
        #expect(abs(hull.quality(atCost: 2) - 0.65) < 1e-12)
        #expect(hull.quality(atCost: 0) == 0.5 && hull.quality(atCost: 100) == 0.9)
        #expect(abs((hull.cost(atQuality: 0.65) ?? 0) - 2) < 1e-12)
        #expect(hull.cost(atQuality: 0.95) == nil)
        // (0.65 · 2 + 0.85 · 2 + 0.9 · 4) / 8
        #expect(abs(hull.meanQuality(from: 1, to: 9) - 0.825) < 1e-12)
    }

    @Test("a path climbs from the cheapest model to the best estimate, by what a dollar buys")
    func path() {
        // Costs 1, 2, 4. Query 0 gains .4 for 1 dollar, then .1 for 2; query 1 stays; query 2 jumps to the dearest.
        let estimates = [[0.4, 0.9, 0.2], [0.8, 0.5, 0.1], [0.9, 0.6, 0.8]]
        let costs = [[1.0, 1, 1], [2, 2, 2], [4, 4, 4]]
        let path = PolicyPath(estimates: estimates, outcomes: .init(scores: estimates, costs: costs))
        #expect(path.best == [2, 0, 2])
        let means = zip(costs, estimates).map { cost, quality in
            CostQuality(cost: cost[0], quality: quality.reduce(0, +) / 3)
        }
        let points = path.points(counts: [1, 1, 1], shuffled: false, means: means)
        #expect(points.map { ($0.cost * 3).rounded() } == [3, 4, 7, 9])
        #expect(abs(points[3].quality - (0.9 + 0.9 + 0.8) / 3) < 1e-12)
        let shuffled = path.points(counts: [1, 1, 1], shuffled: true, means: means)
        #expect(shuffled.map { ($0.cost * 3).rounded() } == [3, 4, 7, 9])
        #expect(abs(shuffled[3].quality - (2 * means[2].quality + means[0].quality) / 3) < 1e-12)
    }

    @Test("without costs a path is the best estimate, and ties go to the better model")
    func pathWithoutCosts() {
        let estimates = [[0.4, 0.9, 0.5], [0.8, 0.5, 0.5]]
        let none = [[Double]](repeating: [0, 0, 0], count: 2)
        let path = PolicyPath(estimates: estimates, outcomes: .init(scores: estimates, costs: none))
        #expect(path.best == [1, 0, 1])
    }
}

import Foundation
import Testing
import TurnoutCore
import TurnoutRouting

@testable import TurnoutEvaluation

/// Made by Reference/make_learning_goldens.py.
private struct Goldens: Decodable {
    let strong, weak, score, share, pgr: [Double]
    let apgr, cpt50, cpt80, auc: Double
    let groups: [String]
    let groupFolds: [Int]

    static func load() throws -> Goldens {
        let url = try #require(
            Bundle.module.url(forResource: "metrics", withExtension: "json", subdirectory: "Fixtures"))
        return try JSONDecoder().decode(Goldens.self, from: Data(contentsOf: url))
    }
}

@Suite("Metrics")
struct MetricsTests {
    @Test("the exact curve, APGR and CPT agree with numpy, ties cut together")
    func curve() throws {
        let golden = try Goldens.load()
        let outcomes = try PairOutcomes(strong: golden.strong, weak: golden.weak)
        let (count, gap) = (Double(outcomes.count), outcomes.strongMean - outcomes.weakMean)
        var cuts = [(share: 0.0, recovered: 0.0)]
        RankedGains(scores: golden.score, outcomes: outcomes).forEachCut(counts: Self.once(outcomes)) { taken, gained in
            cuts.append((taken / count, gained / count / gap))
        }
        #expect(cuts.count == golden.share.count)
        for (cut, (share, pgr)) in zip(cuts, zip(golden.share, golden.pgr)) {
            #expect(abs(cut.share - share) < 1e-12 && abs(cut.recovered - pgr) < 1e-9)
        }
        let figures = Self.figures(golden.score, outcomes)
        #expect(abs(figures.apgr - golden.apgr) < 1e-9)
        #expect(abs(figures.callShares[1] - golden.cpt50) < 1e-12)
        #expect(abs(figures.callShares[2] - golden.cpt80) < 1e-12)
    }

    private static func once(_ outcomes: PairOutcomes) -> [UInt32] { Array(repeating: 1, count: outcomes.count) }

    private static func figures(_ scores: [Double], _ outcomes: PairOutcomes) -> RankingFigures {
        RankingFigures(RankedGains(scores: scores, outcomes: outcomes), counts: once(outcomes))
    }

    @Test("AUC agrees with scikit-learn")
    func auc() throws {
        let golden = try Goldens.load()
        let auc = try RankAccuracy.auc(scores: golden.score, isPositive: golden.strong.map { $0 == 1 })
        #expect(abs(auc.value - golden.auc) < 1e-12)
        #expect(auc.low < auc.value && auc.value < auc.high)
    }

    @Test("equal scores are worth exactly a random choice")
    func ties() throws {
        let outcomes = try PairOutcomes(strong: [1, 1, 1, 0], weak: [0, 1, 0, 1])
        let figures = Self.figures([3, 3, 3, 3], outcomes)
        #expect(abs(figures.apgr - 0.5) < 1e-12)
        #expect(figures.callShares[1] == 1, "there is no threshold between none and all")
        #expect(RankingFigures.shares[10] == 0.25 && abs(figures.recovered[10] - 0.25) < 1e-12)
    }

    @Test("a pair without a gap is refused with a reason")
    func noGap() {
        #expect(throws: TurnoutError.self) { try PairOutcomes(strong: [0, 1], weak: [1, 1]) }
        #expect(throws: TurnoutError.self) { try PairOutcomes(strong: [], weak: []) }
        #expect(throws: TurnoutError.self) { try PairOutcomes(strong: [.nan], weak: [0]) }
    }

    @Test("intervals hold the figure, shrink with n, and are the same on any number of threads")
    func bootstrap() throws {
        let golden = try Goldens.load()
        let outcomes = try PairOutcomes(strong: golden.strong, weak: golden.weak)
        let bootstrap = PairedBootstrap(resamples: 300, seed: 5)
        let routers = [golden.score, Baselines.oracle(outcomes), Baselines.random(count: 200, seed: 1)]
        let results = bootstrap.compare(routers, outcomes: outcomes)
        let again = bootstrap.compare(routers, outcomes: outcomes, threads: 3)
        #expect(results.map(\.apgr) == again.map(\.apgr))
        #expect(abs(results[0].apgr.value - golden.apgr) < 1e-9)
        #expect(results.allSatisfy { $0.apgr.low < $0.apgr.value && $0.apgr.value < $0.apgr.high })
        #expect(results[0].apgrOverFirst == Interval(value: 0, low: 0, high: 0))
        #expect(results[1].apgrOverFirst.low > 0)
        let fourfold = { (values: [Double]) in Array(repeatElement(values, count: 4).joined()) }
        let more = bootstrap.compare(
            [fourfold(golden.score)],
            outcomes: try PairOutcomes(strong: fourfold(golden.strong), weak: fourfold(golden.weak)))
        #expect(more[0].apgr.high - more[0].apgr.low < results[0].apgr.high - results[0].apgr.low)
    }

    @Test("drawing whole conversations widens the interval of repeated queries")
    func clusters() throws {
        let golden = try Goldens.load()
        let repeated = { (values: [Double]) in values.flatMap { [$0, $0, $0, $0] } }
        let outcomes = try PairOutcomes(strong: repeated(golden.strong), weak: repeated(golden.weak))
        let clusters = (0..<outcomes.count).map { $0 / 4 }
        let scores = repeated(golden.score)
        let bootstrap = PairedBootstrap(resamples: 300)
        let plain = bootstrap.compare([scores], outcomes: outcomes)[0].apgr
        let clustered = bootstrap.compare([scores], outcomes: outcomes, clusters: clusters)[0].apgr
        #expect(clustered.high - clustered.low > 1.5 * (plain.high - plain.low))
    }

    @Test("a random router deviates as the formula says")
    func randomDeviation() throws {
        let golden = try Goldens.load()
        let outcomes = try PairOutcomes(strong: golden.strong, weak: golden.weak)
        let values = (0..<400).map { seed in
            Self.figures(Baselines.random(count: 200, seed: UInt64(seed)), outcomes).apgr
        }
        let mean = values.reduce(0, +) / 400
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 400).squareRoot()
        #expect(abs(mean - 0.5) < 0.03)
        #expect(abs(deviation / Baselines.randomDeviation(outcomes) - 1) < 0.15)
    }

    @Test("reliability bins ascend and hold the mean outcome in their interval")
    func reliability() throws {
        let predictions = (0..<400).map { Double($0) / 400 }
        let outcomes = (0..<400).map { ($0 * 7919) % 400 < $0 ? 1.0 : 0 }
        let curve = try #require(ReliabilityCurve.make(predictions: predictions, outcomes: outcomes))
        #expect(curve.bins.count > 5 && curve.bins.count <= 20)
        #expect(zip(curve.bins, curve.bins.dropFirst()).allSatisfy { $0.predicted < $1.predicted && $0.low < $1.high })
        #expect(curve.bins.allSatisfy { $0.low < $0.predicted + 0.1 && $0.high > $0.predicted - 0.1 })
        #expect(ReliabilityCurve.make(predictions: [], outcomes: []) == nil)
        #expect(ReliabilityCurve.make(predictions: [0.5], outcomes: [1])?.bins.count == 1)
    }
}

@Suite("Folds")
struct FoldsTests {
    @Test("groups stay together, in the folds that scikit-learn gives them")
    func grouped() throws {
        let golden = try Goldens.load()
        #expect(try Folds.grouped(golden.groups, folds: 4).foldOfRow == golden.groupFolds)
    }

    @Test("random folds are even, seeded, and hold each row once")
    func random() throws {
        let folds = try Folds.random(rows: 103, folds: 5, seed: 1)
        let sizes = (0..<5).map { fold in folds.foldOfRow.count { $0 == fold } }
        #expect(sizes.sorted() == [20, 20, 21, 21, 21])
        #expect(try Folds.random(rows: 103, folds: 5, seed: 1) == folds)
        #expect(try Folds.random(rows: 103, folds: 5, seed: 2) != folds)
    }

    @Test("too few folds, rows or groups are refused")
    func refused() {
        #expect(throws: TurnoutError.self) { try Folds.random(rows: 10, folds: 1, seed: 0) }
        #expect(throws: TurnoutError.self) { try Folds.random(rows: 3, folds: 5, seed: 0) }
        #expect(throws: TurnoutError.self) { try Folds.grouped(["a", "a", "b"], folds: 3) }
    }
}

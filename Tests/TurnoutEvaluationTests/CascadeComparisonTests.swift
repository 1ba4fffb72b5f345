import Foundation
import Testing
import TurnoutCore
import TurnoutNumerics
import TurnoutRouting

@testable import TurnoutEvaluation

@Suite("Comparing cascades with routing")
struct CascadeComparisonTests {
    /// A weak model right half of the time and a strong one nine times in ten; nobody can tell beforehand.
    private func data(auc: Double, verifyCost: Double = 0, count: Int = 240) throws -> CascadeData {
        var random = SeededRandom(seed: 3)
        let scores = (0..<count).map { _ in [random.uniform() < 0.5 ? 1.0 : 0, random.uniform() < 0.9 ? 1.0 : 0] }
        let estimates = scores.map { _ in [0.5, 0.9] }
        let verdicts = SimulatedVerifier(auc: auc, seed: 4).verdicts(scores: scores, estimates: estimates)
        return try CascadeData(
            models: ["weak", "strong"], costs: [1, 10], verifyCost: verifyCost, scores: scores, estimates: estimates,
            verdicts: verdicts)
    }

    @Test(
        "with a good verifier cascades beat routing that knows nothing, and cascade routing is about as good as the plain one"
    )
    func goodVerifier() throws {
        let point = try #require(
            try CascadeComparison(data(auc: 0.98), resamples: 40).points(at: [0.5]).first)
        let over = try #require(point.overRouting[.cascade])
        #expect(over.low > 0.05)
        let both = try #require(point.quality[.cascadeRouting])
        #expect(both.value >= (point.quality[.cascade]?.value ?? 1) - 0.03)
        // Not knowing anything, routing can only mix: half way between .5 and .9.
        #expect(abs((point.quality[.routing]?.value ?? 0) - 0.7) < 0.05)
    }

    @Test("a verifier that costs as much as the strong model makes no cascade pay")
    func dearVerifier() throws {
        let comparison = try CascadeComparison(data(auc: 0.98, verifyCost: 10), resamples: 50)
        #expect(comparison.escalations().allSatisfy { !$0.pays && $0.breakEven < 0 })
        let point = try #require(comparison.points(at: [0.5]).first)
        #expect((point.overRouting[.cascade]?.value ?? 1) <= 1e-9)
    }

    @Test("the escalation rate is the least that keeps the quality, and no threshold parts equal verdicts")
    func rate() throws {
        let scores = (0..<20).map { [$0 < 10 ? 0.0 : 1, 1.0] }
        let verdicts = (0..<20).map { [$0 < 4 ? 0.1 : $0 < 12 ? 0.3 : 0.9, 0.5] }
        let data = try CascadeData(
            models: ["weak", "strong"], costs: [1, 10], verifyCost: 1, scores: scores, estimates: scores,
            verdicts: verdicts)
        let lines = try CascadeComparison(data, resamples: 20).escalations(keeping: [0.5, 0.7, 0.9, 1])
        #expect(lines.map { $0.rate?.value } == [0, 0.2, 0.6, 0.6])
        #expect(lines.allSatisfy { abs($0.breakEven - 0.8) < 1e-12 })
    }

    @Test("a weak model that is never as good as asked for has no rate")
    func unreachable() throws {
        let scores = (0..<20).map { _ in [1.0, 0.5] }
        let data = try CascadeData(
            models: ["weak", "strong"], costs: [1, 10], verifyCost: 1, scores: scores, estimates: scores,
            verdicts: scores)
        let lines = try CascadeComparison(data, resamples: 20).escalations(keeping: [1, 3])
        #expect(lines[0].rate?.value == 0 && lines[1].rate == nil && !lines[1].pays)
    }

    @Test("whole groups are drawn together: when rows of a group are alike, intervals are wider")
    func clusters() throws {
        // Four groups, in two of which the weak model is always right and in two never.
        let rows = (0..<80).map { index in
            var row = OutcomeRow(prompt: "p\(index)", scores: ["a": index % 2 == 0 ? 1 : 0, "b": 1])
            row.group = "g\(index % 4)"
            return row
        }
        let estimates = [[Double](repeating: 0.5, count: 80), [Double](repeating: 0.9, count: 80)]
        func routing(_ keepsGroupsTogether: Bool) throws -> (interval: Interval, report: CascadeReport) {
            let data = try CascadeOutcomes(
                rows: rows, models: ["a", "b"], estimates: estimates, costs: RequestCosts(flat: ["a": 1, "b": 10]),
                verifierAUC: 0.8, seed: 0, keepsGroupsTogether: keepsGroupsTogether
            ).data(verifyCost: 0)
            let comparison = try CascadeComparison(data, resamples: 200)
            let report = CascadeReport(
                data: data, points: comparison.points(), escalations: comparison.escalations(), simulatedAUC: 0.8)
            return (try #require(comparison.points(at: [0]).first?.quality[.routing]), report)
        }
        let (alone, together) = try (routing(false), routing(true))
        #expect(alone.interval.value == together.interval.value)
        let widths = [alone, together].map { $0.interval.high - $0.interval.low }
        #expect(widths[1] > 2 * widths[0], "\(widths)")
        #expect(together.report.text().hasPrefix("80 prompts in 4 groups;"))
        #expect(try String(decoding: JSONEncoder().encode(together.report), as: UTF8.self).contains("\"groups\":4"))
        #expect(throws: TurnoutError.self, "one group cannot be resampled") {
            try CascadeOutcomes(
                rows: rows.filter { $0.group == "g1" }, models: ["a", "b"], estimates: estimates,
                costs: RequestCosts(flat: ["a": 1, "b": 10]), verifierAUC: 0.8, seed: 0, keepsGroupsTogether: true)
        }
    }

    @Test("the simulated verifier is as good as asked for, and more so with a router that knows something")
    func verifier() throws {
        var random = SeededRandom(seed: 9)
        let scores = (0..<4000).map { _ in [random.uniform() < 0.6 ? 1.0 : 0] }
        func auc(_ estimates: [[Double]]) throws -> Double {
            let verdicts = SimulatedVerifier(auc: 0.8, seed: 1).verdicts(scores: scores, estimates: estimates)
            return try RankAccuracy.auc(
                scores: verdicts.map { $0[0] }, isPositive: scores.map { $0[0] == 1 }, resamples: 1
            ).value
        }
        #expect(abs(try auc(scores.map { _ in [0.6] }) - 0.8) < 0.02)
        #expect(try auc(scores.map { [0.3 + 0.4 * $0[0]] }) > 0.9)
    }

    @Test("the same seed gives the same figures on any number of threads")
    func deterministic() throws {
        let (one, many) = (
            try CascadeComparison(data(auc: 0.8, count: 100), resamples: 20, threads: 1).points(),
            try CascadeComparison(data(auc: 0.8, count: 100), resamples: 20, threads: 4).points()
        )
        #expect(one.map(\.quality) == many.map(\.quality))
    }

    @Test("costs that are missing or of nobody, grades, and too few rows are refused with a remedy")
    func refused() throws {
        let rows = (0..<30).map { OutcomeRow(prompt: "p\($0)", scores: ["a": 1, "b": $0 < 12 ? 0 : 1]) }
        func failure(_ rows: [OutcomeRow], costs: [ModelID: Double]) throws -> String {
            let estimates = [[Double]](repeating: [Double](repeating: 0.5, count: rows.count), count: 2)
            let error = #expect(throws: TurnoutError.self) {
                try CascadeOutcomes(
                    rows: rows, models: ["a", "b"], estimates: estimates, costs: RequestCosts(flat: costs),
                    verifierAUC: 0.8, seed: 0
                ).data(verifyCost: 0)
            }
            return try #require(error).message
        }
        #expect(try failure(rows, costs: ["a": 1]).contains("no cost of 'b'"))
        #expect(try failure(rows, costs: ["a": 1, "c": 2]).contains("'c'"))
        #expect(try failure(rows, costs: ["a": 0, "b": 0]).contains("must cost something"))
        #expect(try failure(Array(rows.prefix(5)), costs: ["a": 1, "b": 2]).contains("at least 20"))
        var graded = rows
        graded[3].scores["a"] = 7
        #expect(try failure(graded, costs: ["a": 1, "b": 2]).contains("divide grades by the greatest"))
    }

    @Test("verdicts in the data are used when every row has them")
    func verdicts() throws {
        var rows = (0..<30).map { OutcomeRow(prompt: "p\($0)", scores: ["a": 1, "b": $0 < 12 ? 0 : 1]) }
        let estimates = [[Double]](repeating: [Double](repeating: 0.5, count: 30), count: 2)
        func outcomes() throws -> CascadeOutcomes {
            try CascadeOutcomes(
                rows: rows, models: ["a", "b"], estimates: estimates, costs: RequestCosts(flat: ["a": 1, "b": 2]),
                verifierAUC: 0.8, seed: 0
            )
        }
        #expect(try outcomes().isSimulated)
        for index in rows.indices { rows[index].verdicts = ["a": 0.7, "b": 0.2] }
        let given = try outcomes()
        #expect(!given.isSimulated)
        #expect(try given.data(verifyCost: 0).verdicts.allSatisfy { $0 == [0.7, 0.2] })
    }
}

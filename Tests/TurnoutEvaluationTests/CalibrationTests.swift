import Foundation
import Testing
import TurnoutCore
import TurnoutEvaluation
import TurnoutNumerics

@Suite("Choosing thresholds")
struct CalibrationTests {
    private let scores = [0.9, 0.1, 0.5, 0.7, 0.3]

    @Test("a budget buys the most strong calls that it pays for")
    func budget() throws {
        let search = ThresholdSearch(scores: scores, weak: [1, 1, 1, 1, 1], strong: [6, 6, 6, 6, 6])
        let found = try #require(search.threshold(for: .atMost(3.2), resamples: 50))
        #expect(found.threshold == 0.7 && found.strongCount == 2 && found.reached.value == 3)
        #expect(search.threshold(for: .atMost(6), resamples: 5)?.strongCount == 5)
        #expect(search.threshold(for: .atMost(1), resamples: 5)?.threshold == 1)
        #expect(search.threshold(for: .atMost(0.9), resamples: 5) == nil)
    }

    @Test("a quality takes the fewest strong calls that reach it")
    func quality() throws {
        let search = ThresholdSearch(scores: scores, weak: [0, 1, 0, 0, 1], strong: [1, 1, 1, 1, 1])
        let found = try #require(search.threshold(for: .shareOfStrong(0.8), resamples: 200))
        #expect(found.threshold == 0.7 && found.strongCount == 2 && found.reached.value == 0.8)
        #expect(found.reached.low <= 0.8 && found.missRate > 0 && found.missRate < 1)
        #expect(search.threshold(for: .shareOfStrong(0.4), resamples: 5)?.strongCount == 0)
    }

    @Test("equal scores are never parted")
    func ties() throws {
        let search = ThresholdSearch(
            scores: [0.5, 0.5, 0.5, 0.2], weak: [0, 0, 0, 0], strong: [1, 1, 1, 1])
        #expect(search.threshold(for: .atMost(0.5), resamples: 5)?.strongCount == 0)
        #expect(search.threshold(for: .atMost(0.75), resamples: 5)?.strongCount == 3)
    }

    @Test("scores of 1 go to the strong model whatever the threshold")
    func ones() throws {
        let search = ThresholdSearch(scores: [1, 0.5], weak: [1, 1], strong: [3, 3])
        #expect(search.threshold(for: .atMost(1.5), resamples: 5) == nil)
        let found = try #require(search.threshold(for: .atMost(2), resamples: 5))
        #expect(found.threshold == 1 && found.strongCount == 1)
    }

    @Test("the interval of the procedure holds what the threshold brings on fresh queries")
    func coverage() throws {
        func draw(_ random: inout SeededRandom) -> (scores: [Double], weak: [Double]) {
            let scores = (0..<300).map { _ in random.uniform() }
            return (scores, scores.map { random.uniform() < 1 - $0 ? 1 : 0 })
        }
        var random = SeededRandom(seed: 6)
        let strong = [Double](repeating: 1, count: 300)
        let covered = try (0..<60).count { _ in
            let sample = draw(&random)
            let search = ThresholdSearch(scores: sample.scores, weak: sample.weak, strong: strong)
            let found = try #require(search.threshold(for: .shareOfStrong(0.9), resamples: 200, seed: 1))
            // The weak model fails with probability s at score s: quality below threshold t is 1 - t²/2.
            let truth = 1 - found.threshold * found.threshold / 2
            return (found.reached.low...found.reached.high).contains(truth)
        }
        #expect(covered >= 51, "\(covered) of 60")
    }

    @Test("the share's threshold is that of the policy, and exact at the ends")
    func share() {
        #expect(StrongShareThreshold.value(share: 0.5, scores: scores) == 0.5)
        #expect(StrongShareThreshold.value(share: 0, scores: scores) == 1)
        #expect(StrongShareThreshold.value(share: 1, scores: scores) == 0)
        let (run, next) = (
            StrongShareThreshold.interval(150, of: 500), StrongShareThreshold.interval(150, of: 500, next: 100)
        )
        #expect(next.low < run.low && run.low < 0.3 && 0.3 < run.high && run.high < next.high)
    }

    @Test("texts without labels are read where they are allowed, repeated ones kept")
    func bareTexts() throws {
        let file = try TemporaryFile(
            "texts.jsonl", "{\"prompt\": \"a\"}\n{\"text\": \"A\"}\n{\"prompt\": \"b\", \"scores\": {\"m\": 1}}\n")
        var options = OutcomeReader.Options()
        #expect(throws: TurnoutError.self) { try OutcomeTable(paths: [file.path], options: options) }
        options.allowsBareText = true
        #expect(try OutcomeTable(paths: [file.path], options: options).rows.count == 2)
        let all = try OutcomeTable(paths: [file.path], options: options, mergesDuplicates: false)
        #expect(all.rows.map(\.prompt) == ["a", "A", "b"])
    }
}

@Suite("What requests cost")
struct RequestCostsTests {
    private var row: OutcomeRow {
        var row = OutcomeRow(prompt: "p", scores: ["a": 1], line: 7)
        row.costs = ["a": 0.004]
        row.tokens = ["a": TokenUsage(input: 1000, output: 500)]
        return row
    }

    @Test("a given cost counts before a price, a price before what the row says")
    func order() throws {
        let price = try Price(
            inputPerMillion: #require(Money(dollars: 2)), outputPerMillion: #require(Money(dollars: 8)))
        #expect(try RequestCosts().dollars(for: row, on: "a") == 0.004)
        #expect(try RequestCosts(prices: ["a": price]).dollars(for: row, on: "a") == 0.006)
        #expect(try RequestCosts(flat: ["a": 0.5], prices: ["a": price]).dollars(for: row, on: "a") == 0.5)
    }

    @Test("what is missing is named with its line and its remedy")
    func missing() throws {
        let price = Price(inputPerMillion: .zero, outputPerMillion: .zero)
        let noCost = try #require(throws: TurnoutError.self) { try RequestCosts().dollars(for: row, on: "b") }
        #expect(noCost.message.contains("line 7") && noCost.message.contains("--price b="))
        let noTokens = try #require(throws: TurnoutError.self) {
            try RequestCosts(prices: ["b": price]).dollars(for: row, on: "b")
        }
        #expect(noTokens.message.contains("no tokens of 'b'") && noTokens.message.contains("--cost b="))
        var negative = row
        negative.costs["a"] = -1
        let error = try #require(throws: TurnoutError.self) { try RequestCosts().dollars(for: negative, on: "a") }
        #expect(error.message.contains("negative"))
    }
}

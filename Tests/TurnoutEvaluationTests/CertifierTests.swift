import Testing
import TurnoutCore
import TurnoutEvaluation
import TurnoutNumerics
import TurnoutRouting

@Suite("Certifying thresholds")
struct CertifierTests {
    private let reference = (0...200).map { Double($0) / 200 }

    /// Scores spread evenly; a query is harmed by the weak model when its score is above `from`, every `every`-th one.
    private func queries(_ count: Int, harmedFrom from: Double = 0.6, every: Int = 2) -> (
        scores: [Double], losses: [Double]
    ) {
        let scores = (0..<count).map { Double(($0 * 7919) % count) / Double(count) }
        let losses = scores.enumerated().map { index, score in score > from && index % every == 0 ? 1.0 : 0 }
        return (scores, losses)
    }

    private func certifier(_ epsilon: Double = 0.05, delta: Double = 0.1, least: Double = 0.01) throws -> Certifier {
        Certifier(
            goal: try .init(epsilon: epsilon, delta: delta, leastWeakShare: least), referenceScores: reference)
    }

    @Test("a feasible goal gets a threshold whose observed loss is below the bound")
    func feasible() throws {
        let (scores, losses) = queries(1000)
        let result = try certifier().certify(scores: scores, losses: losses)
        #expect(result.isFeasible && result.suggestion == nil && result.groups.isEmpty)
        let threshold = try #require(result.overall.threshold)
        #expect(threshold > 0.6 && threshold < 0.75)
        #expect(result.overall.observedLoss > 0.02 && result.overall.observedLoss < 0.05)
        #expect(abs(result.overall.weakShare.value - threshold) < 0.01)
        #expect(result.overall.weakShare.low < result.overall.weakShare.value)
    }

    @Test("too few rows: the least number is said")
    func fewRows() throws {
        let (scores, losses) = queries(30)
        let result = try certifier().certify(scores: scores, losses: losses)
        let suggestion = try #require(result.suggestion)
        #expect(!result.isFeasible && result.overall.threshold == nil && result.overall.weakShare.value == 0)
        #expect(suggestion.fewestQueries == 45 && suggestion.queriesNeeded == 45)
        #expect(suggestion.text.contains("At least 45 labelled rows"))
    }

    @Test("a goal that more rows would meet says how many, and with as many it is met")
    func moreRows() throws {
        // One in thirty of the easiest tenth is harmed.
        let easy = queries(300, harmedFrom: -1, every: 30)
        let result = try certifier(0.01, least: 0.1).certify(scores: easy.scores, losses: easy.losses)
        let suggestion = try #require(result.suggestion)
        #expect(!result.isFeasible)
        let needed = try #require(suggestion.queriesNeeded)
        #expect(needed > 300 && suggestion.text.contains("about \(needed) rows"))
        let more = queries(needed * 2, harmedFrom: -1, every: 30)
        #expect(try certifier(0.01, least: 0.1).certify(scores: more.scores, losses: more.losses).isFeasible)
    }

    @Test("a goal that nothing meets says what could be promised, and that can be")
    func hopeless() throws {
        let (scores, losses) = queries(500, harmedFrom: -1, every: 1)
        let result = try certifier(least: 0.1).certify(scores: scores, losses: losses)
        let epsilon = try #require(result.suggestion?.feasibleEpsilon)
        #expect(!result.isFeasible && result.suggestion?.queriesNeeded == nil)
        #expect(result.suggestion?.text.contains("no number of rows") == true)
        #expect(epsilon > 0.1)
        let again = try certifier(epsilon * 1.001, least: 0.09).certify(scores: scores, losses: losses)
        #expect(again.isFeasible)
    }

    @Test("in groups, each is tested at delta over their number, and the least threshold holds in all")
    func groups() throws {
        let (good, bad) = (queries(600, harmedFrom: 0.8), queries(600, harmedFrom: 0.3))
        let (scores, losses) = (good.scores + bad.scores, good.losses + bad.losses)
        let names = good.scores.map { _ in "good" } + bad.scores.map { _ in "bad" }
        let result = try certifier().certify(scores: scores, losses: losses, groups: names)
        #expect(result.groups.map(\.group) == ["bad", "good"] && result.groups.map(\.n) == [600, 600])
        let thresholds = result.groups.compactMap(\.threshold)
        #expect(thresholds.count == 2 && thresholds[0] < thresholds[1])
        #expect(result.overall.threshold == thresholds[0])
        let alone = try certifier(delta: 0.05).certify(scores: bad.scores, losses: bad.losses)
        #expect(alone.overall.threshold == thresholds[0])
    }

    @Test("a group that is too small stands in the way by name")
    func smallGroup() throws {
        let (scores, losses) = queries(600)
        let names = scores.indices.map { $0 < 20 ? "rare" : "common" }
        let result = try certifier().certify(scores: scores, losses: losses, groups: names)
        #expect(!result.isFeasible && result.overall.threshold == nil)
        #expect(result.groups.map { $0.threshold == nil } == [false, true])
        #expect(result.suggestion?.text.contains("in group 'rare'") == true)
    }

    @Test(
        "impossible goals are refused by the name of their option",
        arguments: [
            (0.0, 0.1, 0.01, "--max-drop"), (1, 0.1, 0.01, "--max-drop"), (0.05, 0, 0.01, "--confidence"),
            (0.05, 0.1, 2, "--min-weak-share"),
        ])
    func refused(epsilon: Double, delta: Double, least: Double, words: String) throws {
        let error = try #require(throws: TurnoutError.self) {
            try Certifier.Goal(epsilon: epsilon, delta: delta, leastWeakShare: least)
        }
        #expect(error.code == .invalidArgument && error.message.contains(words))
    }
}

@Suite("Rows for a certificate")
struct CertificationDataTests {
    private let table = OutcomeTable(rows: [
        OutcomeRow(prompt: "a", scores: ["w": 0, "s": 1], line: 1),
        OutcomeRow(prompt: "B ", scores: ["w": 1, "s": 0], line: 2),
        OutcomeRow(prompt: "c", scores: ["w": 4, "s": 9], line: 3), OutcomeRow(prompt: "d", scores: ["w": 1], line: 4),
    ])

    @Test("incomplete rows and prompts that the router has seen are left out and counted")
    func counts() throws {
        let data = try CertificationData(table, weak: "w", strong: "s", loss: .harm, seenPrompts: ["b"])
        #expect(data.rows.map(\.prompt) == ["a", "c"] && data.losses == [1, 1])
        #expect(data.incomplete == 1 && data.seen == 1)
    }

    @Test("graded losses need a scale that holds all scores")
    func scale() throws {
        let error = try #require(throws: TurnoutError.self) {
            try CertificationData(table, weak: "w", strong: "s", loss: .drop)
        }
        #expect(error.message.contains("line 3") && error.message.contains("--score-range"))
        let data = try CertificationData(table, weak: "w", strong: "s", loss: .drop, scale: 0...10)
        #expect(data.losses == [0.1, 0, 0.5])
    }

    @Test("a model without scores is named, and rows that are all seen are refused")
    func refused() throws {
        let stranger = try #require(throws: TurnoutError.self) {
            try CertificationData(table, weak: "w", strong: "x", loss: .harm)
        }
        #expect(stranger.message.contains("'x'") && stranger.message.contains("'s', 'w'"))
        let seen = try #require(throws: TurnoutError.self) {
            try CertificationData(table, weak: "w", strong: "s", loss: .harm, seenPrompts: ["a", "b", "c"])
        }
        #expect(seen.message.contains("has seen all 3"))
    }
}

@Suite("Simulated certificates")
struct CertificationSimulationTests {
    @Test("promises are kept, naive thresholds break theirs, and threads change nothing")
    func behaviour() throws {
        var random = SeededRandom(seed: 8)
        let scores = (0..<2500).map { _ in random.uniform() }
        let losses = scores.map { random.uniform() < 0.3 * $0 * $0 ? 1.0 : 0 }
        let certifier = Certifier(goal: try .init(epsilon: 0.03, delta: 0.1), referenceScores: scores)
        let simulation = CertificationSimulation(repetitions: 150, rows: 200, seed: 5)
        let result = try simulation.run(certifier, scores: scores, losses: losses, threads: 2)
        #expect(result == (try simulation.run(certifier, scores: scores, losses: losses, threads: 1)))
        #expect(result.certified.violations.low <= 0.1 && result.certified.violations.value < 0.15)
        #expect(result.certified.violationsOnRest.low <= 0.1)
        #expect(result.naive.violations.value > 0.35 && result.naive.violationsOnRest.value > 0.35)
        #expect(result.certified.weakShare.value < result.bestWeakShare)
        #expect(result.certified.weakShare.value > 0.7 * result.bestWeakShare)
        #expect(result.population == 2500)
    }

    @Test("a sample as large as the data is refused")
    func tooLarge() throws {
        let certifier = Certifier(goal: try .init(epsilon: 0.05, delta: 0.1), referenceScores: [0.5])
        let error = try #require(throws: TurnoutError.self) {
            try CertificationSimulation(repetitions: 5, rows: 3)
                .run(certifier, scores: [0.1, 0.2, 0.3], losses: [0, 0, 1], threads: 1)
        }
        #expect(error.message.contains("--rows 3 of 3"))
    }
}

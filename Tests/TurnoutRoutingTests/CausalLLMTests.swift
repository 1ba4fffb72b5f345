import Foundation
import Testing
import TurnoutCore
import TurnoutRouting

@Suite("Reading a score off log-probabilities")
struct ScoreLabelsTests {
    private typealias Token = ScoreLabels.Token

    private func tokens(_ probabilities: (String, Double)...) -> [ScoreLabels.Token] {
        probabilities.map { Token($0.0, log($0.1)) }
    }

    @Test("P(weak suffices) is the share of scores 4 and 5 among all five")
    func share() throws {
        let position = tokens(("1", 0.1), ("2", 0.1), ("3", 0.2), ("4", 0.3), ("5", 0.1), ("A", 0.2))
        let chance = try #require(ScoreLabels().weakSuffices([position]))
        #expect(abs(chance - 0.5) < 1e-12)
    }

    @Test("a label that is not listed counts nothing, and spellings of one label add up")
    func spellings() throws {
        let position = tokens((" 4", 0.3), ("4", 0.3), ("[[4]]", 0.1), ("▁2", 0.1), ("Ġ2\n", 0.2))
        let chance = try #require(ScoreLabels().weakSuffices([position]))
        #expect(abs(chance - 0.7) < 1e-12)
    }

    @Test("the first position counts at which labels have most of the probability")
    func position() {
        let before = tokens(("[[", 0.9), ("1", 0.1))
        let label = tokens(("5", 0.95), ("]]", 0.05))
        let after = tokens(("1", 1))
        #expect(ScoreLabels().weakSuffices([before, label, after]) == 1)
        var any = ScoreLabels()
        any.leastMass = 0
        #expect(any.weakSuffices([before, label, after]) == 0)
    }

    @Test(
        "without a label nothing is known",
        arguments: [
            [], [[]], [[("The", 0.9), ("4th", 0.1)]], [[("45", 1)]], [[("6", 0.5), ("0", 0.5)]], [[("٤", 1)]],
        ]
            as [[[(String, Double)]]])
    func missing(positions: [[(String, Double)]]) {
        #expect(ScoreLabels().weakSuffices(positions.map { $0.map { Token($0.0, log($0.1)) } }) == nil)
    }

    @Test("a logarithm that is none (above zero, NaN, minus infinity) is passed over")
    func oddNumbers() {
        let position = [Token("1", 5), Token("2", .nan), Token("3", -.infinity), Token("5", log(0.9))]
        #expect(ScoreLabels().weakSuffices([position]) == 1)
        #expect(ScoreLabels().weakSuffices([[Token("3", -.infinity)]]) == nil)
    }
}

@Suite("The router of a classifying language model")
struct CausalLLMRouterTests {
    private let candidates: [ModelID] = ["weak", "middle", "strong"]

    @Test("the score is the chance that the weak model will not do, and estimates climb to 1")
    func assessment() {
        let assessment = CausalLLMRouter(classifier: "judge").assessment(of: .weakSuffices(0.2), candidates: candidates)
        #expect(assessment.score == 0.8)
        for (estimate, expected) in zip(assessment.estimates, [0.2, 0.6, 1]) {
            #expect(abs(estimate.value - expected) < 1e-12 && estimate.low == 0 && estimate.high == 1)
        }
    }

    @Test("no answer means the strong model at any threshold, and the reason says why")
    func nothing() throws {
        let decider = try Decider(
            candidates: ["weak", "strong"].map { Candidate(model: $0) }, router: CausalLLMRouter(classifier: "judge"),
            policy: .threshold(1))
        let router = CausalLLMRouter(classifier: "judge")
        let decision = try decider.decide(
            Query("x"), assessed: router.assessment(of: .nothing, candidates: ["weak", "strong"]),
            remark: "it gave no score")
        #expect(decision.model == "strong" && decision.reason.hasSuffix("; it gave no score"))
    }

    @Test("texts that were scored before are known, and give policies their quantiles")
    func known() {
        let router = CausalLLMRouter(classifier: "judge", answers: ["a": .weakSuffices(0.9), "b": .nothing])
        #expect(abs(router.assess("a", candidates: candidates).score - 0.1) < 1e-12)
        #expect(router.assess("b", candidates: candidates).score == 1)
        #expect(router.assess("unheard of", candidates: candidates).score == 1)
        #expect(router.referenceScores(candidates: candidates).count == 2)
    }

    @Test("the prompt carries the question, of a very long one its beginning and its end")
    func prompt() {
        var prompt = ScorePrompt()
        #expect(prompt.userMessage(for: "Why?") == "Question:\nWhy?\n\nGrade:")
        prompt.longestText = 10
        #expect(prompt.userMessage(for: "aaaaaaaaaabbbbbbbbbb") == "Question:\naaaaa\n[…]\nbbbbb\n\nGrade:")
    }

    @Test("a verifier is shown question and answer, and a placeholder in either of them stays as it is")
    func judging() {
        let message = ScorePrompt.ofAnswers.userMessage(for: "{answer}?", answer: "{question}!")
        #expect(message == "Question:\n{answer}?\n\nAnswer:\n{question}!\n\nGrade:")
    }
}

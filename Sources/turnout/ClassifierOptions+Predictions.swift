import Foundation
import TurnoutCore
import TurnoutEvaluation
import TurnoutGateway
import TurnoutRouting
import TurnoutServer
import TurnoutTraining

extension ClassifierOptions {
    /// Requests that are under way at a time.
    private static let width = 4

    /// Asks the classifier about every prompt, once.
    ///
    /// - Parameters:
    ///   - data: The prompts and the models.
    ///   - progress: Is told how many prompts were asked about.
    /// - Returns: What it says, and how often it said nothing.
    /// - Throws: `TurnoutError` with code `.network` when it said nothing of any prompt, `.invalidArgument` when it
    ///   was not named.
    func predictions(
        on data: EvaluationData, progress: TrainingProgress.Handler? = nil
    ) async throws -> (RouterPredictions, notes: [String]) {
        let prompts = data.rows.map(\.prompt)
        let replies = try await configuration(candidates: data.models).withRoute(named: nil) { route in
            guard let classifier = route.classifier else { return [Reply]() }
            return try await Self.ask(classifier, prompts, progress)
        }
        let problems = replies.compactMap(\.reading.problem)
        if let first = problems.first, problems.count == replies.count {
            throw TurnoutError(.network, "\(first), on all \(replies.count) prompts; --classifier-timeout waits longer")
        }
        let router = CausalLLMRouter(classifier: classifierModel ?? "default")
        let assessments = replies.map { router.assessment(of: $0.reading.answer, candidates: data.models) }
        let predictions = try RouterPredictions(
            name: CausalLLMRouter.kind,
            estimates: data.models.indices.map { model in assessments.map { $0.estimates[model].value } },
            pairScores: assessments.map(\.score),
            microsPerDecision: replies.map { $0.time / .microseconds(1) }.sorted()[replies.count / 2],
            // Chances that an answer suffices, and not expected scores.
            comparison: .odds)
        let note = problems.first.map {
            "\($0), and so on \(problems.count) of \(replies.count) prompts: the strongest model answers there."
        }
        return (predictions, [note].compactMap { $0 })
    }

    private struct Reply: Sendable {
        let reading: CausalLLMClassifier.Reading
        let time: Duration
    }

    private static func ask(
        _ classifier: CausalLLMClassifier, _ prompts: [String], _ progress: TrainingProgress.Handler?
    ) async throws -> [Reply] {
        try await withThrowingTaskGroup(of: (Int, Reply).self) { group in
            var replies = [Reply?](repeating: nil, count: prompts.count)
            var answered = 0
            func start(_ index: Int) {
                group.addTask {
                    let clock = ContinuousClock()
                    let begin = clock.now
                    let reading = try await classifier.read(prompts[index])
                    return (index, Reply(reading: reading, time: clock.now - begin))
                }
            }
            for index in prompts.indices.prefix(width) { start(index) }
            while let (index, reply) = try await group.next() {
                replies[index] = reply
                answered += 1
                progress?(TrainingProgress(stage: .encoding, completed: answered, total: prompts.count))
                if answered + width <= prompts.count { start(answered + width - 1) }
            }
            return replies.compactMap { $0 }
        }
    }
}

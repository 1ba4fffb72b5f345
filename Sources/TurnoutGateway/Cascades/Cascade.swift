import TurnoutProviders
package import TurnoutRouting

/// How a route's first answer is judged, and from what score it is given.
package struct Cascade: Sendable {
    /// Who judges, told by ``ScorePrompt/userMessage(for:answer:)``.
    package let verifier: CausalLLMClassifier
    /// From what score an answer is given.
    package let rule: EscalationRule

    /// - Parameters:
    ///   - verifier: Who judges.
    ///   - rule: One least score: one answer is judged, the next one is given as it comes.
    package init(verifier: CausalLLMClassifier, rule: EscalationRule) {
        self.verifier = verifier
        self.rule = rule
    }

    /// What the verifier says of an answer, and the call as it is accounted for.
    ///
    /// - Throws: `CancellationError` when the task was cancelled.
    func judge(_ answer: String, to question: String, clock: GatewayClock, arrival: Duration) async throws
        -> (score: Result<Double, UpstreamFailure>, record: AttemptRecord)
    {
        let start = clock.now
        var record = AttemptRecord(
            model: verifier.upstream.model, provider: verifier.upstream.provider, mode: .fresh,
            started: start - arrival)
        let grade = try await verifier.grade(
            verifier.options.prompt.userMessage(for: question, answer: answer))
        record.duration = clock.now - start
        record.usage = grade.usage
        switch grade.score {
        case .success(let score): record.outcome = .graded(score)
        case .failure(let failure): record.outcome = .failed(failure.message)
        }
        return (grade.score, record)
    }
}

import HTTPTypes
import NIOCore
import TurnoutCore
import TurnoutProviders
import TurnoutRouting

/// What a gateway does with routes that have a cascade.
extension Gateway {
    /// The cascade of a request and whom it escalates to, in order; `nil` where the first answer is given unjudged.
    ///
    /// That is so when nobody stronger than the chosen model may answer, and when text alone does not show how good an
    /// answer is: with tools, images, or an answer that must be JSON.
    func cascade(for request: some ModelRequest, _ ruling: Ruling) -> (Cascade, ChatRequest, [Upstream])? {
        guard let cascade = ruling.route?.cascade, let request = request as? ChatRequest,
            case .decided(let decision, _, _) = ruling.entry, request.needs.allowsJudging
        else { return nil }
        let later = decision.stronger.compactMap { directory.upstream($0) }
        return later.isEmpty ? nil : (cascade, request, later)
    }

    /// Asks the chosen model for a whole answer, once and for as long as its limit to a whole answer, and has it judged.
    ///
    /// - Parameters:
    ///   - request: What is asked.
    ///   - cascade: Who judges.
    ///   - ruling: Who is chosen.
    ///   - headers: Those that travel.
    ///   - arrival: When the request came.
    ///   - close: Takes the calls when the client has gone.
    /// - Returns: The answer, and whether it is given.
    /// - Throws: `CancellationError` when the client has gone.
    func draft(
        _ request: ChatRequest, _ cascade: Cascade, of ruling: Ruling, headers: HTTPFields, arrival: Duration,
        close: ([AttemptRecord]) -> Void
    ) async throws -> Draft {
        guard let upstream = directory.upstream(ruling.model) else { return Draft() }
        var rules = ruling.route?.rules ?? AttemptRules()
        (rules.buffersAnswer, rules.budget) = (true, 1)
        rules.chain = min(rules.chain ?? upstream.limits.wholeAnswer, upstream.limits.wholeAnswer)
        let runner = AttemptRunner(
            candidates: [upstream], request: request, headers: headers, rules: rules, arrival: arrival,
            surroundings: surroundings { _, _ in })
        var draft = Draft()
        do {
            let outcome = try await runner.start()
            (draft.attempts, draft.records) = (runner.attemptCount, runner.records)
            guard case .whole(let head, let body, _) = outcome else {
                // More of it came than can be held, or nothing.
                runner.cancel()
                draft.records = runner.records
                if case .partial = outcome { draft.records[draft.records.count - 1].outcome = .escalated(nil) }
                draft.remark = "; fell back after \(upstream.model) gave no answer that could be judged"
                return draft
            }
            draft.answer = (head, body)
            // A refusal that anybody else would repeat.
            guard 200..<300 ~= head.status else {
                draft.isGiven = true
                return draft
            }
            return try await judged(draft, text: runner.answerText(in: body), request.ask(), cascade, arrival)
        } catch {
            runner.cancel()
            close(draft.records.isEmpty ? runner.records : draft.discarded)
            throw error
        }
    }

    private func judged(
        _ draft: Draft, text: String?, _ question: String, _ cascade: Cascade, _ arrival: Duration
    ) async throws -> Draft {
        var draft = draft
        guard let text, !text.isEmpty else {
            draft.remark = "; escalated: the answer has no text that could be judged"
            return draft
        }
        let (score, record) = try await cascade.judge(text, to: question, clock: clock, arrival: arrival)
        draft.records.append(record)
        draft.score = try? score.get()
        draft.isGiven = cascade.rule.next(scores: [draft.score]) == .answer(0)
        let least = cascade.rule.leastScores[0]
        draft.remark =
            switch score {
            case .success(let score) where draft.isGiven: "; graded \(score.shown) >= \(least)"
            case .success(let score): "; escalated: graded \(score.shown) < \(least)"
            case .failure(let failure):
                "; escalated: the verifier \(cascade.verifier.upstream.model) gave no grade: \(failure.message)"
            }
        return draft
    }
}

extension AttemptRunner {
    /// The text of an answer that is whole.
    fileprivate func answerText(in body: ByteBuffer) -> String? {
        guard let attempt = live.last else { return nil }
        return attempt.isStream
            ? String(decoding: attempt.reader.transcript.content, as: UTF8.self) : AnswerText.read(body)
    }
}

extension RequestNeeds {
    /// Whether question and answer are text, and nothing else is asked for.
    fileprivate var allowsJudging: Bool {
        !needsTools && !isInToolLoop && !needsStructuredOutput && images == 0
    }
}

extension Decision {
    /// Candidates above the chosen one that may answer, weakest first.
    fileprivate var stronger: [ModelID] {
        options.drop { $0.model != model }.dropFirst()
            .filter { $0.prospect.filters.isDisjoint(with: Filter.hard.union(.unavailable)) }.map(\.model)
    }
}

extension Double {
    /// Cut after three places, so that what is less than a threshold does not look like it.
    fileprivate var shown: Double { (self * 1000).rounded(.down) / 1000 }
}

/// What must hold of one fault in one setting.
struct FaultVerdict {
    let fault: Fault
    let streams: Bool
    let hasFallback: Bool

    /// What does not hold, in words; `nil` when all does.
    func problem(views: [FaultProbe.View], after: FaultProbe.View, attempts: [Duration]) -> String? {
        for view in views {
            if view.isTruncatedSuccess { return "a truncated answer was called success" }
            if let broken = view.broken { return "the connection broke: \(broken)" }
        }
        guard after.isWhole else { return "a healthy call afterwards failed" }
        return answerProblem(views) ?? attemptsProblem(attempts, views)
    }

    private func answerProblem(_ views: [FaultProbe.View]) -> String? {
        let view = views[0]
        if fault == .contentPolicy {
            let isPassedOn = view.status == 400 && view.errorMessage?.contains("not to be talked about") == true
            return isPassedOn ? nil : "the provider's refusal was not passed on"
        }
        if mustBeWhole {
            guard views.allSatisfy(\.isWhole) else { return "the answer is not whole" }
            if streams, !view.isDone { return "the stream lacks [DONE]" }
            if view.outputTokens != FaultServer.tokenCount { return "the usage is not reported" }
            if fault == .accounting, view.model != fault.fallback { return "the fallback's name is not reported" }
            return nil
        }
        if fault == .outage {
            return views.contains(where: \.isWhole) && views.allSatisfy { $0.isWhole || $0.isCleanError }
                ? nil : "neither an answer nor a clean error"
        }
        return view.isCleanError || view.isWhole ? nil : "neither an answer nor a clean error"
    }

    /// With nobody else to ask, only what the provider itself recovers from can be answered.
    private var mustBeWhole: Bool {
        if hasFallback { return true }
        switch fault {
        case .rateLimitedBriefly, .oneServerError, .slowFirstToken, .noDone: return true
        case .malformed, .cut, .stall, .cutWithoutPrefill: return fault == .malformed && streams
        default: return false
        }
    }

    private func attemptsProblem(_ attempts: [Duration], _ views: [FaultProbe.View]) -> String? {
        switch fault {
        case .rateLimitedBriefly:
            return attempts.dropFirst().contains { $0 < .seconds(2) } ? "asked again before its time" : nil
        case .rateLimited:
            if attempts.count(where: { $0 <= .seconds(3) }) > 4 { return "more than 4 attempts in 3 s" }
            return attempts.count > 6 ? "more than 6 attempts" : nil
        case .oneServerError:
            return attempts.count == 2 ? nil : "not retried on the same model once"
        case .silent, .contextLength, .contentPolicy:
            return attempts.count == 1 ? nil : "asked \(attempts.count) times"
        case .outage:
            return outageProblem(attempts)
        default:
            return attempts.count > 6 ? "more than 6 attempts" : nil
        }
    }

    /// Down for 60 s: few probes, and back in use within 30 s.
    private func outageProblem(_ attempts: [Duration]) -> String? {
        let probes = attempts.count { $0 > .seconds(16) && $0 < .seconds(60) }
        if hasFallback, probes > 6 { return "\(probes) probes while the circuit should be open" }
        let back = attempts.first { $0 >= .seconds(60) }
        return back.map { $0 <= .seconds(90) } ?? false ? nil : "the primary was not back in use within 30 s"
    }
}

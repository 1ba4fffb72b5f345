/// Asks small questions again when the hub is not well.
struct Retrying: Sendable {
    let environment: TransferEnvironment
    let what: String
    let report: @Sendable (PullEvent) -> Void

    /// Runs a request until it succeeds, fails for good or has failed too often.
    ///
    /// - Throws: ``HubFailure``, ``TurnoutError``, `CancellationError`.
    func run<Answer>(_ request: () async throws -> Answer) async throws -> Answer {
        var schedule = RetrySchedule()
        while true {
            do {
                return try await request()
            } catch let failure as HubFailure {
                guard case .transient(let notBefore) = failure.kind else { throw failure }
                guard let pause = schedule.pause(random: environment.random(), notBefore: notBefore) else {
                    throw HubFailure(failure.kind, "\(failure.message); gave up after \(schedule.limit) tries")
                }
                report(.retrying(what: what, reason: failure.message, pause: pause))
                try await environment.clock.sleep(for: pause)
            }
        }
    }
}

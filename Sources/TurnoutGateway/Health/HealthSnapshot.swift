import Synchronization
package import TurnoutCore
package import TurnoutRouting

extension HealthRegistry {
    /// How a candidate is doing, for whoever chooses among several.
    package struct Condition: Sendable, Hashable {
        /// Whether it should be asked: no pause, and no breaker that is open.
        ///
        /// A breaker whose pause is over does not count as open, since a model that is never chosen never recovers;
        /// while somebody tries it, it does.
        package var isAvailable = true
        /// How fast it has been.
        package var speed = LiveSpeed()
    }

    /// How candidates are doing, all at the same moment.
    ///
    /// It changes nothing: who may try a model whose breaker is half open is settled when the request is made.
    ///
    /// - Parameters:
    ///   - candidates: Models at their providers.
    ///   - now: Time on the gateway's clock.
    /// - Returns: As many conditions, in the same order; of a model that was never asked, that it is available.
    /// - Complexity: One lock and two look-ups a candidate.
    package func snapshot(of candidates: [Upstream], now: Duration) -> [Condition] {
        state.withLock { state in
            candidates.map { candidate in
                let model = state.models[candidate.model]
                let provider = state.providers[candidate.provider]
                return Condition(
                    isAvailable: model?.isAvailable(now: now) ?? true && provider?.isAvailable(now: now) ?? true,
                    speed: model?.speed ?? LiveSpeed())
            }
        }
    }
}

extension HealthRegistry.Entry {
    fileprivate func isAvailable(now: Duration) -> Bool {
        (pausedUntil.map { $0 <= now } ?? true) && (breaker.isClosed || breaker.allowsProbe(now: now))
    }
}

extension Gateway {
    /// How models are doing at this moment, in the same order; what is no model of a provider is always available.
    package func snapshot(of models: [ModelID]) -> [HealthRegistry.Condition] {
        let upstreams = models.map { directory.upstream($0) }
        var known = health.snapshot(of: upstreams.compactMap { $0 }, now: clock.now)[...]
        return upstreams.map { $0.flatMap { _ in known.popFirst() } ?? HealthRegistry.Condition() }
    }
}

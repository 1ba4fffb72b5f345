import Synchronization
import TurnoutCore
import TurnoutRouting

/// What routes remember from one request to the next: shares that are kept, budgets that are spent, conversations.
///
/// In memory: a gateway that is started anew begins with the whole budget of the period and knows no conversation.
final class RouteMemory: Sendable {
    /// What a request may cost, set aside until it is known.
    struct Reservation: Sendable {
        fileprivate let route: String
        fileprivate let most: Money
    }

    private struct State {
        var keepers: [String: ShareKeeper] = [:]
        var pacers: [String: BudgetPacer] = [:]
    }

    private static let limit = 1024
    private let state = Mutex(State())
    /// The conversations of all routes.
    let conversations = Mutex(ConversationTable())

    /// Nothing remembered.
    init() {}

    /// What is added to the strong share of a policy so that it holds.
    func shareCorrection(of route: ModelDirectory.Route) -> Double {
        guard case .strongShare = route.decider.policy.rule else { return 0 }
        return state.withLock { $0.keepers[Self.key(route)]?.correction ?? 0 }
    }

    /// What is left of a route's budget; `nil` when it has none.
    func budget(of route: ModelDirectory.Route, at time: Duration) -> BudgetPacer.Reading? {
        guard case .budget(let limit) = route.decider.policy.rule else { return nil }
        return state.withLock { state in
            state.pacers[route.name, default: BudgetPacer(limit: limit, time: time / .seconds(1))]
                .arrive(at: time / .seconds(1))
        }
    }

    /// Takes a decision that is about to be carried out; sets its cost aside where there is a budget.
    ///
    /// - Returns: What is to be settled when the request is over.
    /// - Throws: ``GatewayError`` with status 429 when other requests have taken what was left of the budget.
    func carriedOut(_ decision: Decision, of route: ModelDirectory.Route) throws(GatewayError) -> Reservation? {
        switch route.decider.policy.rule {
        case .strongShare(let share) where route.decider.candidates.count > 1:
            let isStrongest = decision.model == route.decider.candidates.last?.model
            state.withLock { state in
                let key = Self.key(route)
                // Headers may ask for any share; beyond so many, one is taken as it comes and not kept.
                if state.keepers[key] == nil, state.keepers.count >= Self.limit { return }
                state.keepers[key, default: ShareKeeper(share: share)].record(strongest: isStrongest)
            }
            return nil
        case .budget:
            // The dearest of those that may be tried: any of them may end up answering, after the first in a cascade.
            let tried = decision.options.filter { $0.rank != nil || route.cascade != nil }
            let first = decision.options.first { $0.model == decision.model && route.cascade != nil }
            let most = (tried.compactMap(\.prospect.ceiling).max() ?? .zero) + (first?.prospect.ceiling ?? .zero)
            guard state.withLock({ $0.pacers[route.name]?.reserve(most) ?? false }) else {
                throw .client(
                    status: 429, "less is left of the budget of '\(route.name)' than this request may cost",
                    code: "budget_exhausted")
            }
            return Reservation(route: route.name, most: most)
        default:
            return nil
        }
    }

    /// Books what a request has cost; `nil` when nobody knows.
    func settle(_ reservation: Reservation, cost: Money?, at time: Duration) {
        state.withLock { state in
            state.pacers[reservation.route]?.settle(cost, reserved: reservation.most, at: time / .seconds(1))
        }
    }

    /// A policy that a request's header asked for has a share of its own.
    private static func key(_ route: ModelDirectory.Route) -> String { "\(route.name)\n\(route.decider.policy.rule)" }
}

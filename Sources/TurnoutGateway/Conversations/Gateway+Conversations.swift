import HTTPTypes
import Synchronization
import TurnoutCore
import TurnoutProviders
import TurnoutRouting

/// What a gateway does with conversations: only requests that are carried out are remembered.
extension Gateway {
    /// A request as a turn of a conversation; `nil` where the route does not remember any.
    func turn(_ request: ChatRequest, of route: ModelDirectory.Route, _ headers: HTTPFields) -> ConversationTurn? {
        guard route.conversationIdle != nil else { return nil }
        return request.turn(of: route.name, session: headers[DecisionHeaders.session])
    }

    /// The conversation that a request goes on with.
    func conversation(of turn: ConversationTurn) -> Conversation? {
        memory.conversations.withLock { $0.conversation(of: turn, at: clock.now) }
    }

    /// Who has issued the thoughts that a request brings along.
    ///
    /// A thought that goes to another model than its issuer is refused by many, and then every later turn is too; one
    /// that is left out costs little. So what nobody knows is left out, with two exceptions. A route with one model has
    /// nobody else to have issued it. Amid a tool loop a missing thought is refused as well; but the loop's question has
    /// not changed since its first request, so that the model chosen now is most likely the one that was chosen then.
    func thoughtOrigin(of request: ChatRequest, _ ruling: Ruling) -> ThoughtOrigin {
        guard request.hasThoughts, let route = ruling.route,
            route.decider.candidates.count > 1 || !ruling.fallbacks.isEmpty
        else { return .asked }
        let known = ruling.turn.flatMap { turn in
            memory.conversations.withLock { $0.thoughtOrigin(of: turn, at: clock.now) }
        }
        return known ?? (request.needs.isInToolLoop ? .model(ruling.model, from: request.loopStart) : .unknown)
    }

    /// Remembers what became of a request.
    func remember(_ attempts: [AttemptRecord], _ ruling: Ruling) {
        guard let turn = ruling.turn, let idle = ruling.route?.conversationIdle,
            case .decided(let decision, _, _) = ruling.entry
        else { return }
        let outcome = ConversationOutcome(of: attempts) { model in
            decision.options.first { $0.model == model }?.prospect.tokens.totalInput
        }
        memory.conversations.withLock { $0.record(outcome, of: turn, idle: idle, at: clock.now) }
    }
}

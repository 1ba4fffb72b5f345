import TurnoutCore
import TurnoutProviders

/// A request as a turn of a conversation: by what the conversation is known again, and what decides whether it goes on.
struct ConversationTurn: Sendable {
    /// What a conversation is known by, a hash from which nothing can be read back.
    struct Key: Hashable, Sendable {
        let route: String
        /// Of the standard library's keyed hash, so that nobody outside can look for names that collide.
        private let hash: Int

        /// The name that the client gave.
        init(route: String, session: String) {
            self.init(route, "session", session, 0)
        }

        /// How it begins, and whose it is where the client says so.
        init(route: String, opening: UInt64, user: String?) {
            self.init(route, user == nil ? "opening" : "user", user ?? "", opening)
        }

        private init(_ route: String, _ kind: String, _ name: String, _ opening: UInt64) {
            var hasher = Hasher()
            hasher.combine(kind)
            hasher.combine(name)
            hasher.combine(opening)
            (self.route, self.hash) = (route, hasher.finalize())
        }
    }

    let key: Key
    /// Whether the client named the conversation, so that its word holds and not how the messages look.
    let isNamed: Bool
    /// Whether the assistant has not spoken yet, so that a conversation begins.
    let isFirst: Bool
    /// Messages in the request: the index that the answer will have.
    let messages: Int
    /// Text in the request, definitions of tools included.
    let bytes: Int
}

extension ChatRequest {
    /// The request as a turn of a conversation; `nil` when there is nothing to know a conversation by.
    ///
    /// A `user` alone may hold many conversations at once, so that it only tells apart those that begin alike.
    func turn(of route: String, session: String?) -> ConversationTurn? {
        let key: ConversationTurn.Key
        if let session, !session.isEmpty {
            key = .init(route: route, session: session)
        } else if let opening = conversationHash() {
            key = .init(route: route, opening: opening, user: user)
        } else {
            return nil
        }
        return ConversationTurn(
            key: key, isNamed: session?.isEmpty == false, isFirst: !hasAnswer, messages: needs.messageCount,
            bytes: needs.textBytes + needs.toolDefinitionBytes)
    }
}

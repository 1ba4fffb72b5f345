/// Why an attempt failed, and what follows from it.
package struct AttemptFailure: Sendable, Hashable {
    /// What went wrong, as far as the engine tells apart.
    package enum Kind: Sendable, Hashable, CaseIterable {
        /// There was no connection, so the provider has seen nothing.
        case unreachable
        /// The connection broke.
        case connectionLost
        /// The provider said nothing for longer than it may.
        case silent
        /// The answer came more slowly than it may, or took longer in all.
        case tooSlow
        /// The answer ended unfinished: without a reason why the model stopped, or torn.
        case endedEarly
        /// What came was no answer.
        case malformed
        /// Too many requests.
        case rateLimited
        /// The account has nothing left to spend.
        case quotaExceeded
        /// The provider cannot take more at the moment.
        case overloaded
        /// The provider failed.
        case serverError
        /// The provider does not accept the gateway's key.
        case unauthorized
        /// The provider does not know the model, or sends elsewhere.
        case notFound
        /// The request is longer than the model can take.
        case contextLength
        /// The provider refuses the content.
        case contentPolicy
        /// The request itself is at fault.
        case invalidRequest
        /// The provider has asked for a pause that is not over, so it was not asked.
        case coolingDown
        /// The answer of another model or run is not the one that the client has the beginning of.
        case diverged
    }

    /// Who can mend it.
    package enum Origin: Sendable, Hashable { case client, provider, network }

    /// Whether the same model may be asked again for the same request.
    package enum SameModel: Sendable, Hashable {
        /// It would say the same again.
        case never
        /// It may have been an accident: once more, soon.
        case once
        /// It asks for time: again after a wait, when nobody else is left.
        case afterWait
    }

    /// Whether another model may be asked.
    package enum Elsewhere: Sendable, Hashable {
        /// The answer stands, whoever gives it.
        case never
        /// Any other.
        case anyone
        /// One that can take more tokens.
        case largerWindow
    }

    /// What the failure says about later requests.
    package enum CoolDown: Sendable, Hashable {
        /// Nothing.
        case none
        /// This model is not well.
        case model
        /// Nothing works at this provider.
        case provider
    }

    /// What follows from a kind of failure.
    package struct Rule: Sendable, Hashable {
        /// Who can mend it.
        package let origin: Origin
        /// Whether the same model may be asked again.
        package let sameModel: SameModel
        /// Whether another model may be asked.
        package let elsewhere: Elsewhere
        /// What it says about later requests.
        package let coolDown: CoolDown
        /// The client's status where the provider gave none.
        package let status: Int

        init(_ origin: Origin, _ sameModel: SameModel, _ elsewhere: Elsewhere, _ coolDown: CoolDown, _ status: Int) {
            (self.origin, self.sameModel, self.elsewhere, self.coolDown, self.status) =
                (origin, sameModel, elsewhere, coolDown, status)
        }
    }

    /// What went wrong.
    package let kind: Kind
    /// The provider's status, where there was one.
    package var status: Int?
    /// How long the provider asks to be left alone.
    package var retryAfter: Duration?

    /// Describes a failure.
    package init(_ kind: Kind, status: Int? = nil, retryAfter: Duration? = nil) {
        self.kind = kind
        self.status = status
        self.retryAfter = retryAfter
    }

    /// What follows from it.
    package var rule: Rule { kind.rule }

    /// The status that the client sees when nobody else answers.
    package var clientStatus: Int {
        guard let status, status >= 400 else { return rule.status }
        return status
    }
}

extension AttemptFailure.Kind {
    /// The table of `docs/attempts.md`.
    package var rule: AttemptFailure.Rule {
        switch self {
        case .unreachable: .init(.network, .afterWait, .anyone, .provider, 502)
        case .connectionLost: .init(.network, .once, .anyone, .model, 502)
        case .silent: .init(.provider, .never, .anyone, .model, 504)
        case .tooSlow: .init(.provider, .never, .anyone, .model, 504)
        case .endedEarly: .init(.provider, .once, .anyone, .model, 502)
        case .malformed: .init(.provider, .once, .anyone, .model, 502)
        case .rateLimited: .init(.provider, .afterWait, .anyone, .model, 429)
        case .quotaExceeded: .init(.provider, .never, .anyone, .provider, 429)
        case .overloaded: .init(.provider, .afterWait, .anyone, .model, 503)
        case .serverError: .init(.provider, .once, .anyone, .model, 502)
        case .unauthorized: .init(.provider, .never, .anyone, .provider, 502)
        case .notFound: .init(.provider, .never, .anyone, .model, 502)
        case .contextLength: .init(.client, .never, .largerWindow, .none, 400)
        case .contentPolicy: .init(.client, .never, .never, .none, 400)
        case .invalidRequest: .init(.client, .never, .never, .none, 400)
        case .coolingDown: .init(.provider, .never, .anyone, .none, 429)
        case .diverged: .init(.provider, .never, .anyone, .none, 502)
        }
    }

    /// What happened, in words that need no subject.
    package var words: String {
        switch self {
        case .unreachable: "the provider cannot be reached"
        case .connectionLost: "the connection was lost"
        case .silent: "the provider took too long"
        case .tooSlow: "the answer came too slowly"
        case .endedEarly: "the answer ended unfinished"
        case .malformed: "what came was no answer"
        case .rateLimited: "too many requests"
        case .quotaExceeded: "the account has no quota left"
        case .overloaded: "the provider is overloaded"
        case .serverError: "the provider failed"
        case .unauthorized: "the provider refused the gateway's key"
        case .notFound: "the provider does not know the model"
        case .contextLength: "the request is too long for the model"
        case .contentPolicy: "the provider refused the content"
        case .invalidRequest: "the provider refused the request"
        case .coolingDown: "the provider has asked for a pause"
        case .diverged: "its answer is not the one that was begun"
        }
    }
}

extension AttemptFailure: CustomStringConvertible {
    /// What happened, with the status where there was one.
    package var description: String { status.map { "status \($0), \(kind.words)" } ?? kind.words }
}

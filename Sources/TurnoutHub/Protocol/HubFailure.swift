import TurnoutCore

/// Why the hub gave nothing, and whether asking again makes sense.
struct HubFailure: Error, Sendable {
    /// What to do about it.
    enum Kind: Sendable {
        /// Ask again, not sooner than the hub wishes.
        case transient(notBefore: Duration?)
        /// The file is not the one that was asked for any more: look again.
        case changed
        /// The bytes are not what was promised.
        case damaged
        /// Asking again gives the same.
        case permanent(TurnoutError.Code)
    }

    let kind: Kind
    /// A sentence for people, without tokens and without addresses that carry signatures.
    let message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The failure as everyone else sees it.
    var error: TurnoutError {
        guard case .permanent(let code) = kind else { return TurnoutError(.network, message) }
        return TurnoutError(code, message)
    }
}

/// What was asked of the hub, for messages.
struct HubQuestion: Sendable {
    let endpoint: String
    let id: RepositoryID
    let revision: String
    var file: RemotePath?
    let hasToken: Bool

    /// What a status other than success means, and what to do.
    ///
    /// - Parameters:
    ///   - status: The status of the response.
    ///   - code: The header `X-Error-Code`, by which the hub tells its refusals apart.
    ///   - retryAfter: The header `Retry-After`.
    /// - Returns: A sentence, and whether to try again.
    func refusal(status: Int, code: String?, retryAfter: String?) -> HubFailure {
        switch (status, code) {
        case (408, _), (429, _), (500..., _):
            let pause = retryAfter.flatMap(Int.init).map { Duration.seconds(min(max($0, 0), 300)) }
            return HubFailure(.transient(notBefore: pause), "the hub at \(endpoint) answered with status \(status)")
        case (_, "GatedRepo"): return HubFailure(.permanent(.network), gated)
        case (_, "RevisionNotFound"): return HubFailure(.permanent(.invalidData), missingRevision)
        case (_, "EntryNotFound"): return HubFailure(.permanent(.invalidData), missingFile)
        case (_, "RepoNotFound"): return HubFailure(.permanent(.invalidData), missingModel)
        case (401, _): return HubFailure(.permanent(.network), hasToken ? refusedToken : missingModel)
        case (403, _): return HubFailure(.permanent(.network), hasToken ? weakToken : gated)
        case (404, _), (410, _): return HubFailure(.permanent(.invalidData), file == nil ? missingModel : missingFile)
        default:
            return HubFailure(
                .permanent(.network),
                "the hub at \(endpoint) answered with status \(status), which is no answer to this question; is HF_ENDPOINT right?"
            )
        }
    }

    private var gated: String {
        "\(id) is gated: accept its terms at \(endpoint)/\(id), then "
            + (hasToken ? "use a token of the same account (HF_TOKEN)" : "set HF_TOKEN to a token of the same account")
    }
    private var missingRevision: String {
        "\(id) has no revision \(Printable(revision)); its branches and tags are at \(endpoint)/\(id)/tree/main"
    }
    private var missingFile: String {
        "\(id) has no file \(Printable(file?.text ?? "?")) at revision \(Printable(revision))"
    }
    private var missingModel: String {
        "there is no model \(id) at \(endpoint), or it is private: check the spelling"
            + (hasToken
                ? ", and that the account of your token may read it" : ", or set HF_TOKEN to a token that may read it")
    }
    private var refusedToken: String {
        "the hub at \(endpoint) does not accept the token: renew it at \(endpoint)/settings/tokens and set HF_TOKEN, "
            + "or unset HF_TOKEN for public models"
    }
    private var weakToken: String {
        "the token may not read \(id): give it read access at \(endpoint)/settings/tokens, or accept the model's terms at "
            + "\(endpoint)/\(id)"
    }
}

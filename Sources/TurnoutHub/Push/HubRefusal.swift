import TurnoutCore

/// A status other than success to something that was to be written.
struct HubRefusal: Error, Sendable {
    let status: Int
    let retryAfter: String?
    let endpoint: String
    let id: RepositoryID
    /// Whether it came from a store of large files that the token was not sent to.
    let isOfStore: Bool

    /// Whether an address for a large file may no longer be good: stores that are asked by signature answer so.
    var isExpiry: Bool { isOfStore && status == 403 }

    /// What it means and what to do.
    var failure: HubFailure {
        switch status {
        case 408, 429, 500...:
            let pause = retryAfter.flatMap(Int.init).map { Duration.seconds(min(max($0, 0), 300)) }
            return HubFailure(.transient(notBefore: pause), "the hub at \(endpoint) answered with status \(status)")
        case 400..<500 where isOfStore && status != 413:
            return HubFailure(
                .permanent(.network),
                "the store of the hub at \(endpoint) refused a large file with status \(status), which has nothing to do "
                    + "with the token; push again, what has come is not sent again")
        case 401:
            return HubFailure(
                .permanent(.network),
                "the hub at \(endpoint) does not accept the token: make one that may write at "
                    + "\(endpoint)/settings/tokens and set HF_TOKEN")
        case 403:
            return HubFailure(
                .permanent(.network),
                "the token may not write \(id): give it write access at \(endpoint)/settings/tokens, or choose a name "
                    + "of your own account")
        case 404, 410:
            return HubFailure(
                .permanent(.invalidData),
                "there is no model \(id) or no such branch at \(endpoint), or the token may not see it")
        case 409, 412:
            return HubFailure(
                .permanent(.network), "somebody else changed \(id) at the same time; push again, nothing was committed")
        case 413:
            return HubFailure(
                .permanent(.invalidData), "a file is larger than the hub at \(endpoint) takes; leave it out or split it"
            )
        default:
            return HubFailure(
                .permanent(.network),
                "the hub at \(endpoint) answered with status \(status), which is no answer to an upload; is HF_ENDPOINT right?"
            )
        }
    }
}

/// How long an answer may take: candidates that are expected to take longer are passed over.
///
/// The expectation comes from the first-token times and paces that the gateway has measured lately, from the size of the
/// model where it has measured nothing. If nobody is fast enough, the fastest answers.
public struct LatencyBound: Sendable, Equatable {
    /// Seconds to the first token.
    public var firstToken: Double?
    /// Seconds to the last.
    public var total: Double?

    /// Sets the bounds; `nil` for none.
    public init(firstToken: Double? = nil, total: Double? = nil) {
        self.firstToken = firstToken
        self.total = total
    }

    /// For typing back and forth: the first word within half a second.
    public static let realtime = LatencyBound(firstToken: 0.5)
    /// For someone who waits for it: the first word within two seconds, all of it within twenty.
    public static let interactive = LatencyBound(firstToken: 2, total: 20)
    /// For nobody in particular: no bound.
    public static let batch = LatencyBound()

    /// Those that have a name, by the name they have in a configuration.
    public static let named: [(name: String, bound: LatencyBound)] = [
        ("realtime", realtime), ("interactive", interactive), ("batch", batch),
    ]

    /// Whether an answer that is expected to take so long is fast enough.
    package func allows(firstToken: Double, total: Double) -> Bool {
        (self.firstToken.map { firstToken <= $0 } ?? true) && (self.total.map { total <= $0 } ?? true)
    }
}

extension LatencyBound: CustomStringConvertible {
    /// The bound as it would stand in a configuration file.
    public var description: String {
        if let named = Self.named.first(where: { $0.bound == self }) { return named.name }
        let parts = [firstToken.map { "first_token: \($0)" }, total.map { "total: \($0)" }].compactMap { $0 }
        return "{ \(parts.joined(separator: ", ")) }"
    }
}

package import TurnoutGateway
package import TurnoutProviders

/// What a model's configuration says about the attempts at it.
package struct ModelAttempts: Sendable, Equatable {
    /// What kind of patience it needs.
    ///
    /// Default: what its name suggests.
    package var modelClass: AttemptLimits.ModelClass?
    /// How it goes on with an answer that was begun elsewhere.
    ///
    /// Default: it cannot.
    package var prefill: ChatRequest.Beginning.Style?
    private var firstToken: Duration?
    private var wholeAnswer: Duration?
    private var betweenTokens: Duration?
    private var tokensPerSecond: Double?
    private var total: Duration?

    static let keys = ["class", "prefill", "context_window", "limits"]
    /// The transport leaves whoever is silent for longer, so a longer limit would not be kept.
    private static let longest = HTTPTransport.longestSilence / .seconds(1)

    /// The defaults.
    package init() {}

    init(_ fields: [String: ConfigurationNode]) throws {
        modelClass = try fields["class"]?.choice(AttemptLimits.ModelClass.self)
        prefill = try fields["prefill"]?.choice(ChatRequest.Beginning.Style.self)
        guard
            let limits = try fields["limits"]?.fields([
                "first_token", "whole_answer", "between_tokens", "tokens_per_second", "total",
            ])
        else { return }
        firstToken = try limits["first_token"]?.seconds(upTo: Self.longest)
        wholeAnswer = try limits["whole_answer"]?.seconds(upTo: Self.longest)
        betweenTokens = try limits["between_tokens"]?.seconds(upTo: Self.longest)
        tokensPerSecond = try limits["tokens_per_second"]?.number(in: 0.001...1e6)
        total = try limits["total"]?.seconds(upTo: 86_400)
    }

    /// The limits that follow.
    ///
    /// - Parameters:
    ///   - id: The provider's name of the model, which suggests its class.
    ///   - timeout: The provider's own limit to the beginning of any answer.
    /// - Returns: The limits.
    package func limits(ofModel id: String, timeout: Duration?) -> AttemptLimits {
        var limits = AttemptLimits(modelClass ?? AttemptLimits.ModelClass(ofModel: id))
        limits.firstToken = firstToken ?? timeout ?? limits.firstToken
        limits.wholeAnswer = wholeAnswer ?? timeout ?? limits.wholeAnswer
        limits.betweenTokens = betweenTokens ?? limits.betweenTokens
        limits.tokensPerSecond = tokensPerSecond ?? limits.tokensPerSecond
        limits.total = total ?? max(limits.total, limits.firstToken, limits.wholeAnswer)
        return limits
    }
}

extension AttemptRules {
    init(_ node: ConfigurationNode) throws {
        let fields = try node.fields(["slow", "buffer", "budget", "per_model", "longest_wait", "chain"])
        self.init()
        if let field = fields["slow"] { slow = try field.choice(Slow.self) }
        if let field = fields["buffer"] { buffersAnswer = try field.choice(Buffering.self) == .answer }
        if let field = fields["budget"] { budget = try field.integer(in: 1...20) }
        if let field = fields["per_model"] { perModel = try field.integer(in: 1...20) }
        if let field = fields["longest_wait"] { longestWait = try field.seconds(from: 0, upTo: 3600) }
        if let field = fields["chain"] { chain = try field.seconds(upTo: 86_400) }
    }

    private enum Buffering: String, CaseIterable { case none, answer }
}

extension Configuration.Provider {
    /// The limit to the beginning of an answer that its file gives.
    var timeout: Duration? {
        if case .openAI(_, _, let timeout) = kind { timeout } else { nil }
    }
}

extension ConfigurationNode {
    /// One of a few words.
    fileprivate func choice<Choice: RawRepresentable<String> & CaseIterable>(_: Choice.Type) throws -> Choice {
        guard let choice = Choice(rawValue: try string()) else {
            throw expected("one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    fileprivate func seconds(from least: Double = 0.001, upTo most: Double) throws -> Duration {
        .seconds(try number(in: least...most))
    }
}

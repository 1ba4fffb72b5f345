/// How long a model may take for what.
package struct AttemptLimits: Sendable, Hashable {
    /// What kind of patience a model needs.
    package enum ModelClass: String, Sendable, Hashable, CaseIterable {
        /// It answers as it thinks.
        case ordinary
        /// It may think for a minute before the first word.
        case reasoning

        /// What a model's name says about it.
        package init(ofModel id: String) {
            let name = id.lowercased().split(separator: "/").last.map(String.init) ?? id.lowercased()
            let isReasoning =
                name.contains(#/(^|[^a-z0-9])(o[1-9]|r1|qwq|k2-thinking)([^a-z0-9]|$)/#)
                || ["reason", "thinking", "magistral"].contains { name.contains($0) }
                || (name.hasPrefix("gpt-5") && !name.contains("chat")) || name.hasPrefix("gemini-2.5-pro")
            self = isReasoning ? .reasoning : .ordinary
        }
    }

    /// To the first token of a stream.
    ///
    /// Default: 10 seconds, a minute for reasoning models. Then the next candidate is asked beside; when there is
    /// none, a model is given up after ``patience`` times as long.
    package var firstToken: Duration
    /// To the end of an answer that is no stream.
    ///
    /// Default: 30 seconds, 2 minutes for reasoning models; what follows is as for ``firstToken``.
    package var wholeAnswer: Duration
    /// From one token to the next.
    ///
    /// Default: 10 seconds, a minute for reasoning models.
    package var betweenTokens: Duration
    /// Least pace of a stream, over ten seconds.
    ///
    /// Default: none.
    package var tokensPerSecond: Double?
    /// One attempt in all.
    ///
    /// Default: 10 minutes.
    package var total = Duration.seconds(600)

    /// How many times the limit to the first token a model is given when nobody else is left to ask.
    package static let patience = 4

    /// The defaults of a class.
    package init(_ modelClass: ModelClass = .ordinary) {
        switch modelClass {
        case .ordinary:
            (firstToken, wholeAnswer, betweenTokens) = (.seconds(10), .seconds(30), .seconds(10))
        case .reasoning:
            (firstToken, wholeAnswer, betweenTokens) = (.seconds(60), .seconds(120), .seconds(60))
        }
    }
}

/// What a model charges for tokens.
public struct Price: Hashable, Sendable {
    /// Rates that hold for the whole request once its input is long.
    public struct Tier: Hashable, Sendable {
        /// The tier holds for requests with more input tokens than this, cached ones included.
        public var aboveInput: Int
        /// What is charged then.
        public var rates: TokenRates

        /// Sets both.
        public init(aboveInput: Int, rates: TokenRates) {
            self.aboveInput = aboveInput
            self.rates = rates
        }
    }

    /// What is charged below the first tier.
    public var rates: TokenRates
    /// Rates for long requests, in ascending order of ``Tier/aboveInput``.
    public var tiers: [Tier]
    /// What a batched call costs, in hundredths of an ordinary one; `nil` when unknown.
    public var batchPercent: Int?

    /// Sets the rates, each for a million tokens; `nil` is unknown.
    public init(
        inputPerMillion: Money, outputPerMillion: Money, cacheReadPerMillion: Money? = nil,
        cacheWritePerMillion: Money? = nil, reasoningPerMillion: Money? = nil, tiers: [Tier] = [],
        batchPercent: Int? = nil
    ) {
        self.rates = TokenRates(
            inputPerMillion: inputPerMillion, outputPerMillion: outputPerMillion,
            cacheReadPerMillion: cacheReadPerMillion, cacheWritePerMillion: cacheWritePerMillion,
            reasoningPerMillion: reasoningPerMillion)
        self.tiers = tiers
        self.batchPercent = batchPercent
    }

    /// For a million input tokens of a short request.
    public var inputPerMillion: Money { rates.inputPerMillion }
    /// For a million output tokens of a short request.
    public var outputPerMillion: Money { rates.outputPerMillion }
    /// For a million tokens read from the prompt cache in a short request.
    public var cacheReadPerMillion: Money? { rates.cacheReadPerMillion }
    /// For a million tokens written into the prompt cache in a short request.
    public var cacheWritePerMillion: Money? { rates.cacheWritePerMillion }
    /// For a million tokens of thought in a short request.
    public var reasoningPerMillion: Money? { rates.reasoningPerMillion }

    /// The rates for a request with that many input tokens, cached ones included.
    public func rates(forInput input: Int) -> TokenRates {
        tiers.last { input > $0.aboveInput }?.rates ?? rates
    }

    /// What a call costs, rounded half up to the nano-dollar; `nil` on overflow or counts that cannot be.
    ///
    /// Where a rate of the cache is unknown, its tokens count as fresh input. That overstates cache reads and never
    /// hides them; of writes, which some providers surcharge by a quarter, it may say too little.
    ///
    /// - Parameters:
    ///   - usage: The tokens; none negative, and no more thought than written.
    ///   - batched: Whether the call went through the provider's batch service; at an unknown batch price it costs
    ///     what any other does.
    /// - Returns: The cost, zero or more.
    public func cost(of usage: TokenUsage, batched: Bool = false) -> Money? {
        let counts = [usage.input, usage.cacheRead, usage.cacheWrite, usage.output, usage.reasoning]
        guard counts.allSatisfy({ $0 >= 0 }), usage.reasoning <= usage.output else { return nil }
        let rates = rates(forInput: usage.totalInput)
        let percent = batched ? batchPercent ?? 100 : 100
        guard let sum = rates.sum(of: usage) else { return nil }
        let (scaled, overflow) = sum.multipliedReportingOverflow(by: Int128(percent))
        let unit: Int128 = 100 * 1_000_000
        guard !overflow, let nano = Int64(exactly: (scaled + unit / 2) / unit) else { return nil }
        return Money(nanoDollars: nano)
    }
}

/// What a million tokens of each kind cost.
public struct TokenRates: Hashable, Sendable {
    /// For a million input tokens.
    public var inputPerMillion: Money
    /// For a million output tokens.
    public var outputPerMillion: Money
    /// For a million tokens read from the prompt cache; `nil` when unknown, and then billed as input.
    public var cacheReadPerMillion: Money?
    /// For a million tokens written into the prompt cache; `nil` when unknown, and then billed as input.
    public var cacheWritePerMillion: Money?
    /// For a million tokens of thought; `nil` when they are billed as output.
    public var reasoningPerMillion: Money?

    /// Sets the rates; those not given are unknown.
    public init(
        inputPerMillion: Money, outputPerMillion: Money, cacheReadPerMillion: Money? = nil,
        cacheWritePerMillion: Money? = nil, reasoningPerMillion: Money? = nil
    ) {
        self.inputPerMillion = inputPerMillion
        self.outputPerMillion = outputPerMillion
        self.cacheReadPerMillion = cacheReadPerMillion
        self.cacheWritePerMillion = cacheWritePerMillion
        self.reasoningPerMillion = reasoningPerMillion
    }

    /// Tokens times rates, in millionths of a nano-dollar.
    func sum(of usage: TokenUsage) -> Int128? {
        let lines: [(Int, Money)] = [
            (usage.input, inputPerMillion),
            (usage.cacheRead, cacheReadPerMillion ?? inputPerMillion),
            (usage.cacheWrite, cacheWritePerMillion ?? inputPerMillion),
            (usage.output - usage.reasoning, outputPerMillion),
            (usage.reasoning, reasoningPerMillion ?? outputPerMillion),
        ]
        // Five products of two 64-bit numbers: each below 2¹²⁶, so the sum must be watched.
        var sum: Int128 = 0
        for (tokens, rate) in lines {
            let (next, overflow) = sum.addingReportingOverflow(Int128(tokens) * Int128(rate.nanoDollars))
            guard !overflow else { return nil }
            sum = next
        }
        return sum
    }
}

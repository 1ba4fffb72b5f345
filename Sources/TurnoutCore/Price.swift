/// What a model charges for tokens.
public struct Price: Hashable, Sendable {
    /// For a million input tokens.
    public var inputPerMillion: Money
    /// For a million output tokens.
    public var outputPerMillion: Money

    /// Sets both rates, each for a million tokens.
    public init(inputPerMillion: Money, outputPerMillion: Money) {
        self.inputPerMillion = inputPerMillion
        self.outputPerMillion = outputPerMillion
    }

    /// What a call costs, rounded half up to the nano-dollar; `nil` on overflow or negative counts.
    public func cost(of usage: TokenUsage) -> Money? {
        guard usage.input >= 0, usage.output >= 0 else { return nil }
        let (input, overflowIn) = inputPerMillion.nanoDollars.multipliedReportingOverflow(by: Int64(usage.input))
        let (output, overflowOut) = outputPerMillion.nanoDollars.multipliedReportingOverflow(by: Int64(usage.output))
        let (sum, overflowSum) = input.addingReportingOverflow(output)
        guard !overflowIn, !overflowOut, !overflowSum else { return nil }
        let (quotient, remainder) = sum.quotientAndRemainder(dividingBy: 1_000_000)
        return Money(nanoDollars: quotient + (remainder >= 500_000 ? 1 : 0))
    }
}

/// The tokens that a call consumed or is expected to consume.
public struct TokenUsage: Hashable, Sendable {
    /// Tokens read by the model.
    public var input: Int
    /// Tokens written by the model.
    public var output: Int

    /// Sets both counts.
    public init(input: Int, output: Int) {
        self.input = input
        self.output = output
    }
}

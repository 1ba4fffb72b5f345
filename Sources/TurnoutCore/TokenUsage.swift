/// The tokens of one call, each counted once.
///
/// Providers disagree on whether cached tokens are part of the input and thought tokens part of the output. Here the
/// three kinds of input are disjoint, and the output is all that was written, thought included.
public struct TokenUsage: Hashable, Sendable {
    /// Tokens read afresh: neither from the prompt cache nor into it.
    public var input: Int
    /// Tokens of the prompt that came from the provider's cache.
    public var cacheRead: Int
    /// Tokens of the prompt that were read and put into the provider's cache.
    public var cacheWrite: Int
    /// Tokens written by the model, visible or not.
    public var output: Int
    /// How many of ``output`` were thought and not shown.
    public var reasoning: Int

    /// Sets all counts; those not given are none.
    public init(input: Int, output: Int, cacheRead: Int = 0, cacheWrite: Int = 0, reasoning: Int = 0) {
        self.input = input
        self.output = output
        self.cacheRead = cacheRead
        self.cacheWrite = cacheWrite
        self.reasoning = reasoning
    }

    /// The whole prompt: fresh, from the cache, and into it; `Int.max` when the sum is more than that.
    public var totalInput: Int {
        let (first, overflow) = input.addingReportingOverflow(cacheRead)
        let (sum, overflowAgain) = first.addingReportingOverflow(cacheWrite)
        return overflow || overflowAgain ? .max : sum
    }
}

/// Watches a promise in production: bets against it on every query that both models answered.
///
/// The wealth after t queries is the product of 1 + λ_s (l_s − ε), where l_s in 0…1 is what query s lost and λ_s was
/// fixed before it was seen. While the mean loss is at most ε, the wealth is expected not to grow, and the
/// probability that it *ever* reaches 1/δ is at most δ (Ville 1939). One may therefore look after each query, for ever.
///
/// The bet follows Waudby-Smith and Ramdas 2023, "Estimating means of bounded random variables by betting",
/// appendix B (aGRAPA): the past mean's excess over ε, divided by variance plus excess², in 0…1/(2ε).
///
/// ```swift
/// var test = BettingTest(epsilon: 0.05, delta: 0.1)
/// test.observe(loss: 1)
/// if test.isAlarmed { /* send everything to the strong model, and certify again */ }
/// ```
public struct BettingTest: Sendable, Equatable {
    /// The mean loss that was promised, between 0 and 1.
    public let epsilon: Double
    /// The probability of an alarm without cause, between 0 and 1.
    public let delta: Double
    /// Queries seen.
    public private(set) var count = 0
    /// Evidence against the promise: 1 at the start, 20 as convincing as a p-value of .05.
    public private(set) var wealth = 1.0
    /// Whether the promise has been shown to be broken; stays so once it is.
    public private(set) var isAlarmed = false

    private var sum = 0.0
    private var squares = 0.0

    /// Starts to watch.
    ///
    /// - Parameters:
    ///   - epsilon: The mean loss that was promised, greater than 0 and less than 1.
    ///   - delta: The probability of an alarm without cause, greater than 0 and less than 1.
    public init(epsilon: Double, delta: Double) {
        precondition(epsilon > 0 && epsilon < 1 && delta > 0 && delta < 1, "epsilon and delta lie between 0 and 1")
        self.epsilon = epsilon
        self.delta = delta
    }

    /// Takes what a query lost: 0 when it went to the strong model, else its ``RiskLoss``.
    ///
    /// - Parameter loss: A number in 0…1; what lies outside is moved to the nearest end.
    public mutating func observe(loss: Double) {
        let loss = min(max(loss, 0), 1)
        wealth *= 1 + bet * (loss - epsilon)
        count += 1
        sum += loss
        squares += loss * loss
        if wealth >= 1 / delta { isAlarmed = true }
    }

    /// λ for the next query, from the past alone; one loss of ε and a variance of ¼ are imagined before the first.
    var bet: Double {
        let seen = Double(count + 1)
        let mean = (sum + epsilon) / seen
        let variance = (squares + epsilon * epsilon + 0.25) / seen - mean * mean
        let excess = mean - epsilon
        guard excess > 0 else { return 0 }
        return min(excess / (max(variance, 0) + excess * excess), 1 / (2 * epsilon))
    }
}

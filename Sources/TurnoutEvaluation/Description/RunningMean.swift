/// Mean, variance and range of numbers that come one at a time (Welford 1962), in constant memory.
struct RunningMean: Sendable, Equatable {
    private(set) var count = 0
    private(set) var mean = 0.0
    private(set) var least = Double.infinity
    private(set) var greatest = -Double.infinity
    private var squares = 0.0

    mutating func add(_ value: Double) {
        count += 1
        let offset = value - mean
        mean += offset / Double(count)
        squares += offset * (value - mean)
        least = min(least, value)
        greatest = max(greatest, value)
    }

    /// Variance about the mean; zero for fewer than two numbers.
    var variance: Double { count > 1 ? squares / Double(count - 1) : 0 }

    /// The mean with its 95 % interval by Student's t; `nil` for fewer than two numbers.
    var interval: Interval? {
        guard count > 1 else { return nil }
        let reach =
            StudentT.upperQuantile(degreesOfFreedom: Double(count - 1)) * (variance / Double(count)).squareRoot()
        return Interval(value: mean, low: mean - reach, high: mean + reach)
    }
}

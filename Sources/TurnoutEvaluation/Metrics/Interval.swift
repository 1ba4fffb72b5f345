import TurnoutRouting

/// A figure and the interval in which it lies.
public struct Interval: Sendable, Equatable, Codable {
    /// The figure on all the data.
    public var value: Double
    /// Lower end of the 95 % interval.
    public var low: Double
    /// Upper end of the 95 % interval.
    public var high: Double

    /// Sets figure and ends.
    public init(value: Double, low: Double, high: Double) {
        self.value = value
        self.low = low
        self.high = high
    }

    /// The figure and its ends, each changed by a rising function.
    func map(_ change: (Double) -> Double) -> Interval {
        Interval(value: change(value), low: change(low), high: change(high))
    }
}

/// The middle 95 % of resampled figures.
enum Percentiles {
    static func interval(of values: [Double], around value: Double) -> Interval {
        let sorted = values.filter(\.isFinite).sorted()
        guard !sorted.isEmpty else { return Interval(value: value, low: value, high: value) }
        return Interval(
            value: value, low: Quantiles.value(at: 0.025, in: sorted), high: Quantiles.value(at: 0.975, in: sorted))
    }
}

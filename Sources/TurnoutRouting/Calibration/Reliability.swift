/// What came true when an estimator said so: an interval for the mean outcome at each predicted value.
///
/// Made from out-of-fold predictions cut into bins of equal count; between bin centres the ends are interpolated.
public struct Reliability: Sendable, Equatable {
    /// One bin of predictions.
    public struct Bin: Sendable, Equatable {
        /// Mean prediction in the bin.
        public let predicted: Double
        /// Lower end of the 95 % interval for the mean outcome.
        public let low: Double
        /// Upper end of that interval.
        public let high: Double

        /// Sets centre and interval.
        public init(predicted: Double, low: Double, high: Double) {
            self.predicted = predicted
            self.low = low
            self.high = high
        }
    }

    /// Bins in ascending order of prediction; at least one.
    public let bins: [Bin]

    /// Takes bins in ascending order; `nil` when there is none or they are out of order or not finite.
    public init?(bins: [Bin]) {
        guard !bins.isEmpty, bins.allSatisfy({ $0.predicted.isFinite && $0.low.isFinite && $0.high.isFinite }),
            zip(bins, bins.dropFirst()).allSatisfy({ $0.predicted <= $1.predicted })
        else { return nil }
        self.bins = bins
    }

    /// The interval at a predicted value, constant beyond the outermost bins.
    public func interval(at value: Double) -> (low: Double, high: Double) {
        guard let upper = bins.firstIndex(where: { $0.predicted >= value }) else {
            return (bins[bins.count - 1].low, bins[bins.count - 1].high)
        }
        guard upper > 0 else { return (bins[0].low, bins[0].high) }
        let (a, b) = (bins[upper - 1], bins[upper])
        let t = b.predicted > a.predicted ? (value - a.predicted) / (b.predicted - a.predicted) : 0
        return (a.low + (b.low - a.low) * t, a.high + (b.high - a.high) * t)
    }
}

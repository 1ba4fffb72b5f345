import TurnoutCore

/// What a router between a small and a large model learns of each query: whether the small one's answer is good enough.
///
/// Ding et al. 2024, "Hybrid LLM", section 3. Qualities count as equal when they differ by less than 1e-9.
public struct HybridLabels: Sendable, Equatable {
    /// The three kinds.
    public enum Kind: String, Sendable, CaseIterable, Codable {
        /// 1 where the first sample of the small model is at least as good as that of the large one, else 0.
        case deterministic
        /// The share of all pairs of samples in which it is.
        case probabilistic
        /// The share of pairs in which it is worse by t* at most.
        case transformed
    }

    /// The kind.
    public let kind: Kind
    /// t*, by how much the small model may be worse; 0 except for transformed labels.
    public let relaxation: Double
    /// One label in 0…1 for each query.
    public let values: [Double]

    /// Makes the labels.
    ///
    /// - Parameters:
    ///   - kind: Which.
    ///   - samples: Of each query; t* is chosen on these.
    /// - Complexity: O(queries · pairs); for transformed labels O(``grid(for:)`` · queries · log queries) besides.
    public init(_ kind: Kind, _ samples: [QualitySamples]) {
        self.kind = kind
        switch kind {
        case .deterministic:
            relaxation = 0
            values = samples.map { $0.large[0] - $0.small[0] <= Self.tolerance ? 1 : 0 }
        case .probabilistic:
            relaxation = 0
            values = Self.labels(samples.map(\.lags), relaxation: 0)
        case .transformed:
            let lags = samples.map(\.lags)
            relaxation = Self.bestRelaxation(lags, grid: Self.grid(for: lags))
            values = Self.labels(lags, relaxation: relaxation)
        }
    }

    /// The grid on which t* is sought: 101 equal steps from 0 to the greatest lag of the small model, 0 alone where it
    /// never lags.
    static func grid(for lags: [[Double]]) -> [Double] {
        let greatest = lags.compactMap(\.last).max() ?? 0
        return greatest > 0 ? (0...100).map { greatest * Double($0) / 100 } : [0]
    }

    /// t*: where labels differ most from each other, argmax (1/N²) Σᵢⱼ |yᵢ(t) - yⱼ(t)|; of equal maxima the
    /// smallest t.
    ///
    /// - Parameters:
    ///   - lags: Of each query, ascending.
    ///   - grid: The values to choose from, ascending, at least one.
    /// - Returns: t*.
    static func bestRelaxation(_ lags: [[Double]], grid: [Double]) -> Double {
        var best = (spread: -1.0, at: 0.0)
        for t in grid {
            let spread = meanDifference(labels(lags, relaxation: t))
            // Sums in another order may differ in the last digits: only a true gain moves t.
            if spread > best.spread + tolerance { best = (spread, t) }
        }
        return best.at
    }

    /// Share of pairs whose lag is `relaxation` at most, for each query.
    static func labels(_ lags: [[Double]], relaxation: Double) -> [Double] {
        lags.map { lags in
            Double(lags.partitioningIndex { $0 > relaxation + tolerance }) / Double(lags.count)
        }
    }

    /// (1/N²) Σᵢⱼ |yᵢ - yⱼ| = (2/N²) Σₖ (2k - N - 1) y₍ₖ₎ over the sorted labels, k from 1.
    static func meanDifference(_ labels: [Double]) -> Double {
        guard !labels.isEmpty else { return 0 }
        let count = Double(labels.count)
        let sum = labels.sorted().enumerated().reduce(0.0) { $0 + (2 * Double($1.offset + 1) - count - 1) * $1.element }
        return 2 * sum / (count * count)
    }

    private static let tolerance = 1e-9
}

extension [Double] {
    /// The first place whose element, and every later one, is past the border.
    fileprivate func partitioningIndex(where isPast: (Double) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isPast(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

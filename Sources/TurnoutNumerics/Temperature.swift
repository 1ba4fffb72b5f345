import Foundation

/// The temperature at which outputs of a classifier become probabilities that come true as often as they say.
///
/// Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2.
package enum Temperature {
    /// The inverse temperature β that minimises the log-loss of softmax(β z).
    ///
    /// - Parameters:
    ///   - outputs: Linear outputs of rows that the classifier had not seen; shape `[rows][classes]`.
    ///   - classes: The class of each row.
    ///   - weights: What each row counts for.
    /// - Returns: β between 0.01 and 100; 1 where nothing can be learnt.
    /// - Complexity: O(rows · classes) a step; the loss is convex in β, and a few Newton steps suffice.
    package static func inverse(outputs: [[Double]], classes: [Int], weights: [Double]) -> Double {
        var beta = 1.0
        for _ in 0..<50 {
            var (slope, curvature) = (0.0, 0.0)
            for (row, z) in outputs.enumerated() {
                let greatest = z.max() ?? 0
                let powers = z.map { exp(beta * ($0 - greatest)) }
                let total = powers.reduce(0, +)
                let mean = zip(powers, z).reduce(0) { $0 + $1.0 * $1.1 } / total
                let square = zip(powers, z).reduce(0) { $0 + $1.0 * $1.1 * $1.1 } / total
                slope += weights[row] * (mean - z[classes[row]])
                curvature += weights[row] * (square - mean * mean)
            }
            guard curvature > 1e-12 else { return beta }
            let next = min(max(beta - slope / curvature, beta / 2), beta * 2)
            guard (0.01...100).contains(next) else { return min(max(next, 0.01), 100) }
            if abs(next - beta) < 1e-9 * beta { return next }
            beta = next
        }
        return beta
    }
}

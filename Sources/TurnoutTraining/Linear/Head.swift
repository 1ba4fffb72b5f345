import Foundation
import TurnoutNumerics
import TurnoutRouting

/// What is minimised, and how an output is read.
enum HeadKind: Sendable {
    /// Log-loss on targets in 0…1.
    case logistic
    /// Squared error.
    case ridge

    /// How the router reads its outputs.
    var link: OutputLink { self == .logistic ? .logistic : .identity }

    /// The estimate that a linear output stands for.
    func estimate(output: Double) -> Double { link.estimate(output) }
}

/// A straight line that makes the outputs of a head mean what they say.
///
/// Platt 1999, "Probabilistic outputs for support vector machines", for logistic heads; least squares for the others.
/// Heads that were shrunk say too little; this gives their outputs back the slope that held-out rows bear out.
///
/// All heads get the same slope, so that the order of differences between models hardly changes, and an intercept
/// each. One line serves all folds: a line for each fold, fitted on the others, would move a fold the more to one
/// side the more its own outcomes lie to the other, and ruin the order of rows across folds.
struct OutputCalibration: Sendable, Equatable {
    /// Outputs of one head for rows that it had not seen, and what came true.
    struct Observations: Sendable {
        let outputs: [Double]
        let targets: [Double]
        /// What each row counts for; equal unless given.
        var weights: [Double]?

        fileprivate var meanOutput: Double {
            let weights = weights ?? [Double](repeating: 1, count: outputs.count)
            let sum = zip(weights, outputs).reduce(0) { $0 + $1.0 * $1.1 }
            return sum / max(weights.reduce(0, +), .leastNormalMagnitude)
        }
    }

    let slope: Double
    let intercept: Double

    /// Fits one line for each head by Newton's method.
    ///
    /// Lines that would fall are made flat.
    ///
    /// Outputs are centred and scaled first: a shrunk head of a model that is nearly always right has outputs far from
    /// zero and close together, on which Newton's steps in slope and intercept would chase each other.
    static func fit(kind: HeadKind, _ heads: [Observations]) -> [OutputCalibration] {
        let centres = heads.map(\.meanOutput)
        let spread = pooledDeviation(heads, about: centres)
        guard spread > 0, spread.isFinite else { return heads.map { flat(kind: kind, $0) } }
        let scaled = zip(heads, centres).map { head, centre in
            Observations(
                outputs: head.outputs.map { ($0 - centre) / spread }, targets: head.targets, weights: head.weights)
        }
        guard let (slope, intercepts) = line(kind: kind, scaled), slope > 0 else {
            return heads.map { flat(kind: kind, $0) }
        }
        return zip(intercepts, centres).map { intercept, centre in
            OutputCalibration(slope: slope / spread, intercept: intercept - slope / spread * centre)
        }
    }

    /// Newton's method on outputs of mean 0 and deviation 1; `nil` when it does not arrive.
    private static func line(kind: HeadKind, _ heads: [Observations]) -> (slope: Double, intercepts: [Double])? {
        var slope = 0.0
        var intercepts = heads.map { flat(kind: kind, $0).intercept }
        for _ in 0..<(kind == .logistic ? 50 : 1) {
            let sums = zip(heads, intercepts).map { NewtonSums(kind: kind, $0, slope: slope, intercept: $1) }
            // The intercepts are eliminated from the system; what is left is one equation for the slope.
            let curvature = sums.reduce(0) { $0 + $1.h11 - $1.h01 * $1.h01 / $1.h00 }
            let force = sums.reduce(0) { $0 + $1.g1 - $1.h01 * $1.g0 / $1.h00 }
            guard curvature > 1e-12 * sums.reduce(0, { $0 + $1.h11 }) else { return nil }
            let step = bounded(force / curvature, kind)
            slope -= step
            let moves = sums.map { bounded(($0.g0 - $0.h01 * step) / $0.h00, kind) }
            for (head, move) in moves.enumerated() { intercepts[head] -= move }
            if kind == .ridge || abs(step) + moves.reduce(0, { $0 + abs($1) }) < 1e-9 {
                return slope.isFinite && intercepts.allSatisfy(\.isFinite) ? (slope, intercepts) : nil
            }
        }
        return nil
    }

    private static func pooledDeviation(_ heads: [Observations], about centres: [Double]) -> Double {
        var (sum, count) = (0.0, 0.0)
        for (head, centre) in zip(heads, centres) {
            for output in head.outputs { sum += (output - centre) * (output - centre) }
            count += Double(head.outputs.count)
        }
        return (sum / max(count, 1)).squareRoot()
    }

    func apply(_ output: Double) -> Double { slope * output + intercept }

    /// The same head with the line folded into its weights; the last one is the intercept.
    func apply(toWeights weights: [Double]) -> [Double] {
        var result = weights.map { slope * $0 }
        if let last = result.indices.last { result[last] += intercept }
        return result
    }

    private static func bounded(_ step: Double, _ kind: HeadKind) -> Double {
        kind == .logistic ? min(max(step, -2), 2) : step
    }

    private static func flat(kind: HeadKind, _ head: Observations) -> OutputCalibration {
        let weights = head.weights ?? [Double](repeating: 1, count: head.targets.count)
        let sum = zip(weights, head.targets).reduce(0) { $0 + $1.0 * $1.1 }
        let mean = sum / max(weights.reduce(0, +), .leastNormalMagnitude)
        let probability = min(max(mean, 1e-6), 1 - 1e-6)
        return OutputCalibration(
            slope: 0, intercept: kind == .logistic ? log(probability / (1 - probability)) : mean)
    }
}

/// Gradient and curvature of the loss along a head's intercept and slope.
private struct NewtonSums {
    var (g0, g1, h00, h01, h11) = (0.0, 0.0, 1e-9, 0.0, 0.0)

    init(kind: HeadKind, _ head: OutputCalibration.Observations, slope: Double, intercept: Double) {
        for (row, z) in head.outputs.enumerated() {
            let count = head.weights?[row] ?? 1
            let estimate = kind.estimate(output: slope * z + intercept)
            let weight = count * (kind == .logistic ? max(estimate * (1 - estimate), 1e-6) : 1)
            let residual = count * (estimate - head.targets[row])
            g0 += residual
            g1 += residual * z
            h00 += weight
            h01 += weight * z
            h11 += weight * z * z
        }
    }
}

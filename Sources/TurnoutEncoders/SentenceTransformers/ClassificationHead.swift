import Foundation
import TurnoutCore
public import TurnoutNumerics

/// The name of a class: a whole number or a word.
public enum ClassLabel: Hashable, Sendable, CustomStringConvertible {
    /// A number, as where labels are counted from 0.
    case integer(Int)
    /// A word.
    case text(String)

    /// The number or the word.
    public var description: String {
        switch self {
        case .integer(let number): String(number)
        case .text(let text): text
        }
    }
}

/// A logistic regression over an encoder's vectors: from a vector to a probability for each class.
///
/// Of two classes there is one output z, P(second) = 1 / (1 + e⁻ᶻ); of more there is one for each class. Tunstall et al.
/// 2022, "Efficient Few-Shot Learning Without Prompts", section 3: SetFit's head.
public struct ClassificationHead: Sendable, Equatable {
    /// How the outputs of three or more classes become probabilities.
    public enum Link: String, Sendable {
        /// P(c) = e^z_c / Σ e^z: one regression over all classes.
        case softmax
        /// P(c) ∝ 1 / (1 + e^-z_c): a regression for each class against all others, as scikit-learn's `liblinear` and
        /// `ovr` fitted them.
        case oneVersusRest = "one-versus-rest"
    }

    /// The classes, in the order of the probabilities; at least two, all different.
    public let classes: [ClassLabel]
    /// Shape `[1, dimension]` for two classes, `[classes, dimension]` for more.
    public let weights: Matrix
    /// One for each row of the weights.
    public let bias: [Float]
    /// How outputs become probabilities; without effect on two classes.
    public let link: Link

    /// Checks that the parts fit together.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` for fewer than two classes, classes of one name, shapes that do
    ///   not fit or numbers that are not finite.
    public init(classes: [ClassLabel], weights: Matrix, bias: [Float], link: Link = .softmax) throws {
        let rows = classes.count == 2 ? 1 : classes.count
        guard classes.count >= 2, Set(classes).count == classes.count else {
            throw TurnoutError(
                .damagedFile, "a head of \(classes.count) classes needs two or more, all different; train it again")
        }
        guard weights.rows == rows, weights.columns > 0, bias.count == rows else {
            throw TurnoutError(
                .damagedFile,
                """
                a head of \(classes.count) classes has \(rows) row\(rows == 1 ? "" : "s") of weights, not \
                \(weights.rows) of \(weights.columns) with \(bias.count) intercepts; train it again
                """)
        }
        guard (weights.storage + bias).allSatisfy({ abs($0) <= Self.greatestWeight }) else {
            throw TurnoutError(
                .damagedFile, "a weight is not a number or beyond ±\(Self.greatestWeight); train the head again")
        }
        self.classes = classes
        self.weights = weights
        self.bias = bias
        // Of two classes both links make the same shares.
        self.link = classes.count == 2 ? .softmax : link
    }

    /// The probability of each class.
    ///
    /// - Parameter embedding: The encoder's vector, `weights.columns` long.
    /// - Returns: As many as ``classes``; their sum is 1.
    /// - Complexity: O(classes · dimension)
    public func probabilities(of embedding: [Float]) -> [Double] {
        precondition(embedding.count == weights.columns, "the vector is not as long as the head's rows")
        let outputs = bias.indices.map { row in
            embedding.withUnsafeBufferPointer { vector in
                weights.storage.withUnsafeBufferPointer { all in
                    let start = row * vector.count
                    return Double(bias[row])
                        + Double(dot(UnsafeBufferPointer(rebasing: all[start..<start + vector.count]), vector))
                }
            }
        }
        if classes.count == 2 { return [Self.logistic(-outputs[0]), Self.logistic(outputs[0])] }
        let greatest = outputs.max() ?? 0
        let shares = outputs.map { link == .softmax ? exp($0 - greatest) : Self.logistic($0) }
        let sum = max(shares.reduce(0, +), .leastNormalMagnitude)
        return shares.map { $0 / sum }
    }

    /// Beyond this, a sum of products could overflow; no training comes near it.
    private static let greatestWeight: Float = 1e9

    private static func logistic(_ output: Double) -> Double { 1 / (1 + exp(-output)) }
}

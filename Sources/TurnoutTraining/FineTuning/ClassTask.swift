import Foundation
import TurnoutEncoders
import TurnoutNumerics

/// Learns classes, or a probability for each, from the first token's vector.
struct ClassTask: TuningTask {
    /// How logits and targets become a loss.
    enum Loss: Sendable {
        /// Targets are a distribution over classes, as a rule one 1: -Σ t log softmax(z).
        case crossEntropy
        /// Targets are probabilities, one for each output by itself: the mean of log(1 + eᶻ) - t·z.
        case binaryCrossEntropy
    }

    let table: ParameterTable
    let encoder: TunableEncoder
    let head: TunableHead
    /// Ids of each text.
    let texts: [[Int32]]
    /// Shape `[texts, classes]`.
    let targets: Matrix
    let loss: Loss
    /// The shares that are left out.
    let dropout: (hidden: Float, attention: Float)

    var exampleCount: Int { texts.count }
    func tokenCount(of example: Int) -> Int { texts[example].count }
    func vocabularyRows(of examples: [Int]) -> [Int32] { examples.flatMap { texts[$0] } }

    func memory(for examples: [Int], threads: Int, _ kernels: Kernels) -> Int {
        let batch = TokenBatch(examples.map { texts[$0] })
        return encoder.memory(
            tokens: batch.tokens, longest: batch.longest, texts: batch.texts, threads: threads, kernels)
            + head.memory(texts: batch.texts, kernels)
    }

    func loss(of examples: [Int], seed: UInt64?, _ bench: Workbench) -> Double {
        let batch = TokenBatch(examples.map { texts[$0] })
        let plan = seed.map { DropoutPlan(hidden: dropout.hidden, attention: dropout.attention, seed: $0) } ?? .none
        return bench.arena.lending {
            let a = encoder.forward(batch, plan, bench)
            let h = head.forward(a.out, batch, plan, bench)
            let classes = targets.columns
            let d = bench.arena.take(batch.texts * classes)
            let total = examples.enumerated().reduce(0.0) { total, example in
                let (place, row) = example
                let logits = (0..<classes).map { Double(h.logits[place * classes + $0]) }
                let (value, slopes) = Self.loss(loss, logits: logits, targets: targets[row: row].map(Double.init))
                for (c, slope) in slopes.enumerated() { d[place * classes + c] = Float(slope / Double(examples.count)) }
                return total + value
            }
            let dtokens = bench.arena.take(batch.tokens * encoder.shape.hidden)
            head.backward(h, batch, plan, d, into: dtokens, bench)
            encoder.backward(a, batch, plan, dtokens, bench)
            return total / Double(examples.count)
        }
    }

    /// The loss of one example and its derivatives with respect to the logits.
    static func loss(_ kind: Loss, logits: [Double], targets: [Double]) -> (value: Double, slopes: [Double]) {
        switch kind {
        case .crossEntropy:
            let top = logits.max() ?? 0
            let logSum = top + log(logits.reduce(0) { $0 + exp($1 - top) })
            let mass = targets.reduce(0, +)
            let value = zip(logits, targets).reduce(0) { $0 - $1.1 * ($1.0 - logSum) }
            return (value, zip(logits, targets).map { mass * exp($0 - logSum) - $1 })
        case .binaryCrossEntropy:
            let count = Double(logits.count)
            let value = zip(logits, targets).reduce(0) { $0 + softplus($1.0) - $1.1 * $1.0 } / count
            return (value, zip(logits, targets).map { (1 / (1 + exp(-$0)) - $1) / count })
        }
    }
}

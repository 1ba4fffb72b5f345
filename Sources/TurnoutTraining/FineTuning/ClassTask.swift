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
            let d = bench.arena.take(batch.texts * targets.columns)
            let loss = loss(of: examples, logits: h.logits, slopes: d)
            let dtokens = bench.arena.take(batch.tokens * encoder.shape.hidden)
            head.backward(h, batch, plan, d, into: dtokens, bench)
            encoder.backward(a, batch, plan, dtokens, bench)
            return loss
        }
    }

    /// The mean loss of some examples, and its derivatives with respect to the logits, `[examples, classes]`.
    private func loss(
        of examples: [Int], logits: UnsafePointer<Float>, slopes: UnsafeMutablePointer<Float>? = nil
    ) -> Double {
        let classes = targets.columns, count = Double(examples.count)
        return examples.enumerated().reduce(0.0) { total, example in
            let (place, row) = example
            let own = (0..<classes).map { Double(logits[place * classes + $0]) }
            let judged = Self.loss(loss, logits: own, targets: targets[row: row].map(Double.init))
            if let slopes {
                for (c, slope) in judged.slopes.enumerated() { slopes[place * classes + c] = Float(slope / count) }
            }
            return total + judged.value
        } / count
    }

    // MARK: - Measuring

    /// The mean loss of all examples, without dropout; nothing is learnt from them.
    func meanLoss(_ bench: Workbench) -> Double {
        blocks.reduce(0.0) { total, examples in
            let batch = TokenBatch(examples.map { texts[$0] })
            return bench.arena.lending {
                let out = encoder.forward(batch, .none, bench).out
                let logits = head.forward(out, batch, .none, bench).logits
                return total + loss(of: Array(examples), logits: logits) * Double(examples.count)
            }
        } / Double(exampleCount)
    }

    /// Floats of memory that ``meanLoss(_:)`` takes.
    func memory(threads: Int, _ kernels: Kernels) -> Int {
        blocks.reduce(0) { max($0, memory(for: Array($1), threads: threads, kernels)) }
    }

    /// Examples that are measured together, in their order.
    private var blocks: [Range<Int>] {
        stride(from: 0, to: exampleCount, by: 16).map { $0..<min($0 + 16, exampleCount) }
    }

    // MARK: - Losses

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

import TurnoutEncoders
import TurnoutNumerics

/// Two texts, and whether they belong together.
struct TextPair: Sendable, Equatable {
    /// Numbers of the texts.
    let first, second: Int
    /// 1 for texts of one class, 0 for others.
    let target: Float
}

/// Learns that texts of one class point the same way: the mean of (cos(u, v) - target)².
///
/// `CosineSimilarityLoss` of sentence-transformers. Reimers & Gurevych 2019, "Sentence-BERT"; Tunstall et al. 2022,
/// "Efficient Few-Shot Learning Without Prompts".
struct PairTask: TuningTask {
    let table: ParameterTable
    let encoder: TunableEncoder
    /// Ids of each text.
    let texts: [[Int32]]
    let pairs: [TextPair]
    /// The shares that are left out.
    let dropout: (hidden: Float, attention: Float)

    var exampleCount: Int { pairs.count }

    func tokenCount(of example: Int) -> Int {
        texts[pairs[example].first].count + texts[pairs[example].second].count
    }

    func vocabularyRows(of examples: [Int]) -> [Int32] { layout(examples).texts.flatMap { texts[$0] } }

    func memory(for examples: [Int], threads: Int, _ kernels: Kernels) -> Int {
        let batch = TokenBatch(layout(examples).texts.map { texts[$0] })
        return encoder.memory(
            tokens: batch.tokens, longest: batch.longest, texts: batch.texts, threads: threads, kernels)
    }

    /// Which texts are computed, and which of them each pair compares.
    ///
    /// Without dropout a text has one vector, however many pairs it is in, and is computed once. With dropout it has
    /// another one each time, as in the reference.
    private func layout(_ examples: [Int]) -> (texts: [Int], places: [(Int, Int)]) {
        let both = examples.flatMap { [pairs[$0].first, pairs[$0].second] }
        guard dropout.hidden == 0, dropout.attention == 0 else {
            return (both, examples.indices.map { (2 * $0, 2 * $0 + 1) })
        }
        let distinct = Set(both).sorted()
        let place = Dictionary(uniqueKeysWithValues: zip(distinct, 0...))
        return (distinct, examples.map { (place[pairs[$0].first] ?? 0, place[pairs[$0].second] ?? 0) })
    }

    func loss(of examples: [Int], seed: UInt64?, _ bench: Workbench) -> Double {
        let (chosen, places) = layout(examples)
        let batch = TokenBatch(chosen.map { texts[$0] })
        let plan = seed.map { DropoutPlan(hidden: dropout.hidden, attention: dropout.attention, seed: $0) } ?? .none
        return bench.arena.lending {
            let a = encoder.forward(batch, plan, bench)
            let sentences = encoder.pool.forward(a.out, batch, bench)
            let count = batch.texts * encoder.shape.hidden
            let d = bench.arena.take(count)
            d.update(repeating: 0, count: count)
            var total = 0.0
            for (example, place) in zip(examples, places) {
                total += addGradient(pairs[example].target, place, of: examples.count, sentences.out, to: d)
            }
            let dtokens = bench.arena.take(batch.tokens * encoder.shape.hidden)
            encoder.pool.backward(sentences, a.out, batch, d, into: dtokens)
            encoder.backward(a, batch, plan, dtokens, bench)
            return total / Double(examples.count)
        }
    }

    /// (cos - target)² of one pair, and its gradient: d cos/du = (v/|v| - cos·u/|u|)/|u|.
    private func addGradient(
        _ target: Float, _ place: (Int, Int), of count: Int, _ vectors: UnsafePointer<Float>,
        to d: UnsafeMutablePointer<Float>
    ) -> Double {
        let width = encoder.shape.hidden
        func vector(_ place: Int) -> UnsafeBufferPointer<Float> {
            UnsafeBufferPointer(start: vectors + place * width, count: width)
        }
        func gradient(_ place: Int) -> UnsafeMutableBufferPointer<Float> {
            UnsafeMutableBufferPointer(start: d + place * width, count: width)
        }
        let (u, v) = (vector(place.0), vector(place.1))
        let (lengthU, lengthV) = (max(dot(u, u).squareRoot(), 1e-8), max(dot(v, v).squareRoot(), 1e-8))
        let cosine = dot(u, v) / (lengthU * lengthV)
        let slope = 2 * (cosine - target) / Float(count)
        addScaled(slope / (lengthU * lengthV), v, to: gradient(place.0))
        addScaled(-slope * cosine / (lengthU * lengthU), u, to: gradient(place.0))
        addScaled(slope / (lengthU * lengthV), u, to: gradient(place.1))
        addScaled(-slope * cosine / (lengthV * lengthV), v, to: gradient(place.1))
        return Double((cosine - target) * (cosine - target))
    }
}

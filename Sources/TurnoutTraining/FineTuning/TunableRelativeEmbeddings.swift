import TurnoutEncoders
import TurnoutNumerics

/// The vectors of relative positions, which the layers of a DeBERTa share: P places, H numbers each.
struct TunableRelativeEmbeddings: Sendable {
    let vectors: Range<Int>
    let norm: TunableNorm?
    let places: RelativePlaces
    let hidden: Int

    /// Adds them to a table; `nil` for families without.
    init?(_ shape: TransformerBlueprint, in table: inout ParameterTable, isFrozen: Bool) {
        guard let disentangled = shape.disentangled, let places = shape.places else { return nil }
        self.places = places
        hidden = shape.hidden
        vectors = table.add("encoder.rel_embeddings.weight", [places.count, shape.hidden], isFrozen: isFrozen)
        norm =
            disentangled.normalises
            ? TunableNorm(
                "encoder.LayerNorm", width: shape.hidden, epsilon: shape.epsilon, in: &table, isFrozen: isFrozen) : nil
    }

    /// What the layers read, `[P, H]`.
    func forward(_ bench: Workbench) -> UnsafePointer<Float> {
        let weights = bench.weights + vectors.lowerBound
        guard let norm else { return UnsafePointer(weights) }
        let out = bench.arena.take(places.count * hidden)
        norm.forward(weights, rows: places.count, into: out, bench)
        return UnsafePointer(out)
    }

    /// The way back; `d` is the gradient of what the layers read.
    func backward(_ d: UnsafePointer<Float>, _ bench: Workbench) {
        let count = places.count * hidden
        guard let norm else { return bench.add(d, to: bench.gradients + vectors.lowerBound, count: count) }
        bench.arena.lending {
            let sum = bench.arena.take(count)
            norm.backward(bench.weights + vectors.lowerBound, rows: places.count, d, into: sum, bench)
            bench.add(sum, to: bench.gradients + vectors.lowerBound, count: count)
        }
    }

    /// Floats that a step takes: what the layers read, its gradient, and the norm's way back.
    var memory: Int { 3 * Arena.rounded(places.count * hidden) + Arena.rounded(2 * places.count) }
}

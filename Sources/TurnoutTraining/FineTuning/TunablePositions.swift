import TurnoutEncoders
import TurnoutNumerics

/// The keys and queries that one layer of a DeBERTa makes of relative positions: P places, H numbers each.
///
/// He et al. 2021, "DeBERTa", section 3.1.
struct TunablePositions: Sendable {
    /// To queries and keys side by side, as far as there are both.
    let projection: TunableLinear
    let places: RelativePlaces
    let usesKeys, usesQueries: Bool
    /// Which stream of dropout is its own.
    let place: Int

    /// Those of layer `index`; `nil` in families without.
    ///
    /// They share the queries and keys of `qkv`, which come first there, or have projections of their own in the table.
    init?(
        _ index: Int, _ shape: TransformerBlueprint, sharing qkv: TunableLinear, in table: inout ParameterTable,
        isFrozen: Bool
    ) {
        guard let disentangled = shape.disentangled, let places = shape.places else { return nil }
        self.places = places
        (usesKeys, usesQueries) = (disentangled.usesPositionKeys, disentangled.usesPositionQueries)
        place = Self.firstPlace + index
        let names = (usesQueries ? ["pos_query_proj"] : []) + (usesKeys ? ["pos_key_proj"] : [])
        projection =
            disentangled.sharesProjections
            ? qkv.first(outputs: 2 * shape.hidden)
            : TunableLinear(
                names.map { "encoder.layer.\(index).attention.self.\($0)" }, outputsPerPart: shape.hidden,
                inputs: shape.hidden, in: &table, isFrozen: isFrozen)
    }

    /// Streams of dropout beyond those of layers and heads.
    private static let firstPlace = 2_000_000

    private var count: Int { places.count * projection.inputs }

    /// What the way back needs.
    struct Activations {
        let vectors: UnsafePointer<Float>  // [P, H], what came in, after dropout
        let projected: UnsafeMutablePointer<Float>  // [P, outputs]
    }

    /// From the vectors that all layers share, `[P, H]`, to queries and keys.
    func forward(_ vectors: UnsafePointer<Float>, _ plan: DropoutPlan, _ bench: Workbench) -> Activations {
        let kept = bench.arena.take(count)
        kept.update(from: vectors, count: count)
        bench.kernels.apply(plan.hidden(place), to: kept, count: count, pool: bench.pool)
        let a = Activations(vectors: kept, projected: bench.arena.take(places.count * projection.outputs))
        projection.forward(kept, rows: places.count, into: a.projected, bench)
        return a
    }

    /// The queries and keys as attention reads them, and where it adds their gradients, `[P, outputs]`.
    func learning(_ a: Activations, gradients: UnsafeMutablePointer<Float>? = nil) -> LearningPositions {
        let width = projection.inputs, keys = projection.outputs - width  // the keys come last
        return LearningPositions(
            places: places, keys: usesKeys ? UnsafePointer(a.projected + keys) : nil,
            queries: usesQueries ? UnsafePointer(a.projected) : nil, stride: projection.outputs,
            keyGradients: gradients.map { $0 + keys }, queryGradients: gradients)
    }

    /// The way back; `d` is the gradient of queries and keys, `[P, outputs]`.
    ///
    /// That of the vectors that all layers share is added to `shared`, which is `nil` where nobody asks for it.
    func backward(
        _ a: Activations, _ plan: DropoutPlan, _ d: UnsafePointer<Float>, addingTo shared: UnsafeMutablePointer<Float>?,
        _ bench: Workbench
    ) {
        bench.arena.lending {
            let own = bench.arena.take(count)
            projection.backward(a.vectors, rows: places.count, d, into: own, bench)
            guard let shared else { return }
            bench.kernels.apply(plan.hidden(place), to: own, count: count, pool: bench.pool)
            bench.add(own, to: shared, count: count)
        }
    }

    // MARK: - Memory

    /// Floats that the way forward keeps.
    var kept: Int { Arena.rounded(count) + gradients }

    /// Floats of the gradient of queries and keys.
    var gradients: Int { Arena.rounded(places.count * projection.outputs) }

    /// Floats that either way takes for a moment.
    func scratch(_ kernels: Kernels) -> Int { Arena.rounded(count) + projection.scratch(rows: places.count, kernels) }
}

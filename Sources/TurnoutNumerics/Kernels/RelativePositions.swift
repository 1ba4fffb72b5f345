import CTurnoutKernels

/// What one attention layer knows of the distances between tokens, as it was computed: a key vector and a query vector
/// for each place.
///
/// He et al. 2021, "DeBERTa", section 3.1, equations 2 and 4: a score is the sum of content to content (q·k), content
/// to position (q · key vector) and position to content (k · query vector).
package struct PositionVectors: Sendable {
    /// Which place a distance has.
    package let places: RelativePlaces
    /// Shape `[places, width]`; `nil` where content does not look at positions.
    package let keys: Matrix?
    /// Shape `[places, width]`; `nil` where positions do not look at content.
    package let queries: Matrix?

    /// Bundles the vectors.
    package init(places: RelativePlaces, keys: Matrix?, queries: Matrix?) {
        self.places = places
        self.keys = keys
        self.queries = queries
    }
}

/// ``PositionVectors`` arranged for the kernels, head by head.
package struct RelativePositions: Sendable {
    /// Which place a distance has.
    package let places: RelativePlaces
    private let keys: [PackedLinear]
    private let queries: [PackedLinear]

    /// Packs the vectors of a layer.
    ///
    /// - Throws: `TurnoutError` with code `.io` when memory is lacking.
    /// - Complexity: O(elements)
    package init(_ vectors: PositionVectors, _ shape: AttentionShape, kernels: Kernels = .best) throws {
        self.places = vectors.places
        self.keys = try vectors.keys.map { try Self.heads($0, shape, kernels) } ?? []
        self.queries = try vectors.queries.map { try Self.heads($0, shape, kernels) } ?? []
    }

    private static func heads(_ vectors: Matrix, _ shape: AttentionShape, _ kernels: Kernels) throws -> [PackedLinear] {
        try (0..<shape.heads).map { head in
            let columns = head * shape.headWidth..<(head + 1) * shape.headWidth
            let own = (0..<vectors.rows).flatMap { row in columns.map { vectors[row, $0] } }
            return try PackedLinear(
                inputs: shape.headWidth, outputsPerPart: vectors.rows, storage: .float32, kernels: kernels,
                parts: [{ PackedLinear.Part(weights: own, bias: nil) }])
        }
    }

    /// Lends them in the form that the kernels read.
    func withPointers(_ body: (UnsafePointer<turnout_positions>) -> Void) {
        withExtendedLifetime(self) {
            let keyPointers = keys.map { Optional($0.packed) }, queryPointers = queries.map { Optional($0.packed) }
            keyPointers.withUnsafeBufferPointer { keys in
                queryPointers.withUnsafeBufferPointer { queries in
                    places.withPointer { start in
                        var positions = turnout_positions(
                            places: start, count: places.count,
                            keys: keys.isEmpty ? nil : keys.baseAddress,
                            queries: queries.isEmpty ? nil : queries.baseAddress)
                        body(&positions)
                    }
                }
            }
        }
    }
}

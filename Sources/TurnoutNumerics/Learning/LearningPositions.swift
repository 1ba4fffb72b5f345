import CTurnoutKernels

/// The vectors of relative positions that one layer learns, where they lie; see ``PositionVectors``.
package struct LearningPositions {
    /// Which place a distance has.
    package let places: RelativePlaces
    /// Shape `[places, width]`; `nil` where content does not look at positions.
    package let keys: UnsafePointer<Float>?
    /// Shape `[places, width]`; `nil` where positions do not look at content.
    package let queries: UnsafePointer<Float>?
    /// The distance from one row to the next, of vectors and gradients alike.
    package let stride: Int
    /// Where the gradient of ``keys`` is added on the way back.
    package let keyGradients: UnsafeMutablePointer<Float>?
    /// Where that of ``queries`` is added.
    package let queryGradients: UnsafeMutablePointer<Float>?

    /// Says where they lie; on the way forward nobody needs the gradients.
    package init(
        places: RelativePlaces, keys: UnsafePointer<Float>?, queries: UnsafePointer<Float>?, stride: Int,
        keyGradients: UnsafeMutablePointer<Float>? = nil, queryGradients: UnsafeMutablePointer<Float>? = nil
    ) {
        self.places = places
        self.keys = keys
        self.queries = queries
        self.stride = stride
        self.keyGradients = keyGradients
        self.queryGradients = queryGradients
    }

    /// Lends them in the form that the kernels read.
    func withPointer(_ body: (UnsafePointer<turnout_position_vectors>) -> Void) {
        places.withPointer { start in
            var vectors = turnout_position_vectors(
                places: start, keys: keys, queries: queries, stride: stride, dkeys: keyGradients,
                dqueries: queryGradients)
            body(&vectors)
        }
    }
}

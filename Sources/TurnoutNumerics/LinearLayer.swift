/// Z = X·Uᵀ for a tall matrix X of features and a few rows U, and the gradient of a loss on Z with respect to U.
///
/// The inner loop of models whose inputs are a few linear projections of the features. Rows are cut into blocks of a
/// fixed size, each worked on by one thread; their sums are added in order, so that the result is the same with any
/// number of threads.
package struct LinearLayer: Sendable {
    /// Features; shape `[rows, columns]`.
    package let features: Matrix
    /// The most threads to use.
    package let threads: Int
    private static let block = 512

    /// Takes the features.
    package init(_ features: Matrix, threads: Int) {
        self.features = features
        self.threads = threads
    }

    /// What a block of rows contributes to a loss.
    package struct Loss: Sendable {
        /// The loss.
        package var value = 0.0
        /// Its gradient with respect to parameters beside U.
        package var others: [Double]

        /// Starts from zero, with so many parameters beside U.
        package init(others: Int) { self.others = [Double](repeating: 0, count: others) }
    }

    /// The loss of all rows and its gradient.
    ///
    /// - Parameters:
    ///   - weights: U, row-major, shape `[outputs, columns]`.
    ///   - outputs: The number of rows of U.
    ///   - others: The number of parameters beside U.
    ///   - body: For a row and its projections, of which there are `outputs`: adds to the loss and replaces the
    ///     projections by the loss's derivatives with respect to them.
    /// - Returns: The loss with the gradient of the other parameters, and the gradient of U.
    /// - Complexity: O(rows · outputs · columns)
    package func evaluate(
        weights: [Double], outputs: Int, others: Int,
        _ body: @Sendable (Int, UnsafeMutableBufferPointer<Double>, inout Loss) -> Void
    ) -> (loss: Loss, gradient: [Double]) {
        let width = features.columns
        let small = weights.map(Float.init)
        let blocks = (features.rows + Self.block - 1) / Self.block
        let parts = parallelMap(blocks, threads: threads) { index -> (Loss, [Float]) in
            var loss = Loss(others: others)
            var gradient = [Float](repeating: 0, count: outputs * width)
            var projected = [Double](repeating: 0, count: outputs)
            for row in index * Self.block..<min((index + 1) * Self.block, features.rows) {
                features.storage.withUnsafeBufferPointer { all in
                    let x = UnsafeBufferPointer(rebasing: all[row * width..<(row + 1) * width])
                    small.withUnsafeBufferPointer { w in
                        for k in 0..<outputs {
                            projected[k] = Double(dot(UnsafeBufferPointer(rebasing: w[k * width..<(k + 1) * width]), x))
                        }
                    }
                    projected.withUnsafeMutableBufferPointer { body(row, $0, &loss) }
                    gradient.withUnsafeMutableBufferPointer { sums in
                        for k in 0..<outputs where projected[k] != 0 {
                            addScaled(
                                Float(projected[k]), x,
                                to: UnsafeMutableBufferPointer(rebasing: sums[k * width..<(k + 1) * width]))
                        }
                    }
                }
            }
            return (loss, gradient)
        }
        var total = Loss(others: others)
        var gradient = [Double](repeating: 0, count: outputs * width)
        for (loss, part) in parts {
            total.value += loss.value
            for i in 0..<others { total.others[i] += loss.others[i] }
            for i in gradient.indices { gradient[i] += Double(part[i]) }
        }
        return (total, gradient)
    }
}

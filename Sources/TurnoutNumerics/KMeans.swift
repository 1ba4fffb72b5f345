/// Parts points into clusters, each point with the nearest of k centres (Lloyd 1982).
///
/// Ties go to the centre with the least number. A cluster that loses all its points takes the point that is farthest
/// from its own centre. Sums are made in the order of the points, so that the result does not depend on the threads.
package struct KMeans: Sendable {
    /// Shape `[clusters, columns]`.
    package private(set) var centres: Matrix
    /// The cluster of each point.
    package private(set) var assignment: [Int]
    /// The sum of squared distances from the points to their centres.
    package private(set) var inertia: Double
    /// How often centres were moved.
    package private(set) var iterations: Int

    /// Starts from given centres.
    ///
    /// - Parameters:
    ///   - points: Finite, one in each row.
    ///   - centres: At least one.
    ///   - limit: How often centres are moved at most; it stops when no point changes its cluster.
    ///   - threads: The most threads to use.
    /// - Throws: `TurnoutError` with code `.io` when memory is lacking.
    /// - Complexity: O(iterations · points · clusters · columns)
    package init(_ points: Matrix, centres: Matrix, iterations limit: Int = 100, threads: Int = 1) throws {
        self.centres = centres
        self.iterations = 0
        let norms = (0..<points.rows).map { Self.squaredLength(points, $0) }
        var nearest = try Self.nearest(points, centres, norms, threads: threads)
        while iterations < limit {
            iterations += 1
            self.centres = Self.means(points, nearest, self.centres)
            let before = nearest.clusters
            nearest = try Self.nearest(points, self.centres, norms, threads: threads)
            if nearest.clusters == before { break }
        }
        self.assignment = nearest.clusters
        self.inertia = nearest.distances.reduce(0, +)
    }

    /// Chooses centres by k-means++: each next one is a point drawn with its squared distance from those before.
    ///
    /// Arthur and Vassilvitskii 2007. Fewer centres come back when there are fewer different points.
    ///
    /// - Parameters:
    ///   - points: Finite, one in each row, at least one.
    ///   - clusters: How many, at least one.
    ///   - random: Where the draws come from.
    /// - Returns: Shape `[clusters, columns]`.
    /// - Complexity: O(points · clusters · columns)
    package static func plusPlus(_ points: Matrix, clusters: Int, using random: inout SeededRandom) -> Matrix {
        var chosen = [random.next(below: points.rows)]
        var distances = [Double](repeating: .infinity, count: points.rows)
        while chosen.count < clusters {
            let last = chosen[chosen.count - 1]
            for row in 0..<points.rows {
                distances[row] = min(distances[row], squaredDistance(points, row, last))
            }
            let total = distances.reduce(0, +)
            guard total > 0 else { break }
            var left = random.uniform() * total
            // Rounding may leave a little at the end: the last point at a distance is taken then.
            var next = distances.lastIndex { $0 > 0 } ?? 0
            for row in distances.indices {
                left -= distances[row]
                if left < 0 {
                    next = row
                    break
                }
            }
            chosen.append(next)
        }
        return Matrix(rows: chosen.count, columns: points.columns, storage: chosen.flatMap { points[row: $0] })
    }

    // MARK: - Steps

    /// The nearest centre of each point, and its squared distance.
    ///
    /// The centre for which x·c − |c|²/2 is greatest: a matrix product with a bias.
    private static func nearest(
        _ points: Matrix, _ centres: Matrix, _ norms: [Double], threads: Int
    ) throws -> (clusters: [Int], distances: [Double]) {
        let lengths = (0..<centres.rows).map { Float(squaredLength(centres, $0)) }
        let products = try PackedLinear(
            inputs: points.columns, outputsPerPart: centres.rows, storage: .float32,
            parts: [{ .init(weights: centres.storage, bias: lengths.map { -$0 / 2 }) }])
        let block = 256
        let parts = parallelMap((points.rows + block - 1) / block, threads: threads) { index -> [(Int, Double)] in
            let rows = index * block..<min((index + 1) * block, points.rows)
            var closeness = [Float](repeating: 0, count: rows.count * centres.rows)
            points.storage.withUnsafeBufferPointer { x in
                closeness.withUnsafeMutableBufferPointer { y in
                    guard let x = x.baseAddress, let y = y.baseAddress else { return }
                    products.apply(to: x + rows.lowerBound * points.columns, rows: rows.count, into: y)
                }
            }
            return rows.enumerated().map { place, row in
                var best = 0
                let own = closeness[place * centres.rows..<(place + 1) * centres.rows]
                for (centre, value) in own.enumerated() where value > own[own.startIndex + best] { best = centre }
                return (best, max(0, norms[row] - 2 * Double(own[own.startIndex + best])))
            }
        }.flatMap { $0 }
        return (parts.map(\.0), parts.map(\.1))
    }

    private static func means(
        _ points: Matrix, _ nearest: (clusters: [Int], distances: [Double]), _ centres: Matrix
    ) -> Matrix {
        let width = points.columns
        var sums = [Double](repeating: 0, count: centres.rows * width)
        var counts = [Int](repeating: 0, count: centres.rows)
        var clusters = nearest.clusters
        for row in 0..<points.rows { counts[clusters[row]] += 1 }
        let farthest = nearest.distances.indices.sorted {
            (nearest.distances[$1], $0) < (nearest.distances[$0], $1)
        }
        var candidates = farthest.makeIterator()
        for cluster in counts.indices where counts[cluster] == 0 {
            while let row = candidates.next() {
                guard counts[clusters[row]] > 1 else { continue }
                counts[clusters[row]] -= 1
                clusters[row] = cluster
                counts[cluster] = 1
                break
            }
        }
        for row in 0..<points.rows {
            let start = clusters[row] * width
            for (column, value) in points[row: row].enumerated() { sums[start + column] += Double(value) }
        }
        var result = centres
        for cluster in counts.indices where counts[cluster] > 0 {
            for column in 0..<width {
                result[cluster, column] = Float(sums[cluster * width + column] / Double(counts[cluster]))
            }
        }
        return result
    }

    private static func squaredLength(_ matrix: Matrix, _ row: Int) -> Double {
        matrix[row: row].reduce(0) { $0 + Double($1) * Double($1) }
    }

    private static func squaredDistance(_ matrix: Matrix, _ i: Int, _ j: Int) -> Double {
        zip(matrix[row: i], matrix[row: j]).reduce(0) { sum, pair in
            let difference = Double(pair.0) - Double(pair.1)
            return sum + difference * difference
        }
    }
}

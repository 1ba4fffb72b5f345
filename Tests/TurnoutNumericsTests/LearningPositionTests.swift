import Testing
import TurnoutNumerics

@Suite("The gradient of attention that looks at distances")
struct LearningPositionTests {
    @Test(
        "is the naive one for queries, keys, values and the vectors of positions, added over texts of several lengths")
    func gradients() throws {
        var samples = KernelSamples(seed: 21)
        let shape = AttentionShape(heads: 2, headWidth: 5, scoreTerms: 3), lengths = [1, 3, 12, 7], width = shape.width
        let offsets = lengths.reduce(into: [Int32(0)]) { $0.append($0[$0.count - 1] + Int32($1)) }
        let rows = lengths.reduce(0, +)
        let qkv = samples.matrix(rows, 3 * width), dout = samples.matrix(rows, width)
        let pool = try ThreadPool(threads: 2)
        for places in [
            RelativePlaces(longest: 12, farthest: 12, buckets: 6), RelativePlaces(longest: 20, farthest: 30),
        ] {
            // Queries and keys of a place side by side, as a layer projects them.
            let both = samples.matrix(places.count, 2 * width)
            let expected = Self.naive(qkv, both, shape, places, dout, lengths)
            for kernels in Kernels.available {
                let stride = kernels.attentionLearningScratch(longest: 12, shape: shape, places: places.count)
                for pool in [nil, pool] {
                    var scratch = [Float](repeating: .nan, count: 2 * stride)
                    var d = [Float](repeating: .nan, count: qkv.storage.count)
                    var dboth = [Float](repeating: 1, count: both.storage.count)
                    both.storage.withUnsafeBufferPointer { vectors in
                        dboth.withUnsafeMutableBufferPointer { gradients in
                            guard let start = vectors.baseAddress, let dstart = gradients.baseAddress else { return }
                            kernels.attendBackward(
                                shape, dropout: .none,
                                positions: LearningPositions(
                                    places: places, keys: start + width, queries: start, stride: 2 * width,
                                    keyGradients: dstart + width, queryGradients: dstart),
                                offsets: offsets, qkv: qkv.storage, dout.storage, into: &d, scratch: &scratch,
                                scratchStride: stride, pool: pool)
                        }
                    }
                    #expect(largestDifference(d, expected.qkv) < 2e-5, "\(kernels.name)")
                    #expect(largestDifference(dboth, expected.both.map { $0 + 1 }) < 5e-5, "\(kernels.name)")
                }
            }
        }
    }

    /// The same in 64 bits, score by score; vectors of positions hold queries, then keys.
    private static func naive(
        _ qkv: Matrix, _ both: Matrix, _ shape: AttentionShape, _ places: RelativePlaces, _ dout: Matrix,
        _ lengths: [Int]
    ) -> (qkv: [Float], both: [Float]) {
        let width = shape.width
        var d = [Double](repeating: 0, count: qkv.storage.count)
        var dboth = [Double](repeating: 0, count: both.storage.count), first = 0
        for length in lengths {
            defer { first += length }
            for (head, i) in (0..<shape.heads).flatMap({ head in (first..<first + length).map { (head, $0) } }) {
                let columns = head * shape.headWidth..<(head + 1) * shape.headWidth, all = first..<first + length
                func sum(_ product: (Int) -> Double) -> Double { columns.reduce(0) { $0 + product($1) } }
                let scores = all.map { j in
                    Float(
                        sum { c in
                            let (q, k, p) = (Double(qkv[i, c]), Double(qkv[j, width + c]), places[i - j])
                            return q * k + q * Double(both[p, width + c]) + k * Double(both[p, c])
                        })
                }
                let shares = NaiveKernels.softmax(scores, scale: shape.scale).map(Double.init)
                let dshares = all.map { j in sum { Double(dout[i, $0]) * Double(qkv[j, 2 * width + $0]) } }
                let mean = zip(shares, dshares).reduce(0) { $0 + $1.0 * $1.1 }
                for (n, j) in all.enumerated() {
                    let slope = Double(shape.scale) * shares[n] * (dshares[n] - mean), p = places[i - j]
                    for c in columns {
                        let (q, k) = (Double(qkv[i, c]), Double(qkv[j, width + c]))
                        d[i * 3 * width + c] += slope * (k + Double(both[p, width + c]))
                        d[j * 3 * width + width + c] += slope * (q + Double(both[p, c]))
                        d[j * 3 * width + 2 * width + c] += shares[n] * Double(dout[i, c])
                        dboth[p * 2 * width + width + c] += slope * q
                        dboth[p * 2 * width + c] += slope * k
                    }
                }
            }
        }
        return (d.map(Float.init), dboth.map(Float.init))
    }
}

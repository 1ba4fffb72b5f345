import Testing
import TurnoutNumerics

@Suite("Kernels for learning, fast against naive")
struct LearningKernelTests {
    @Test("products of new matrices: plain, transposed, with bias, added to what is there, on one thread and two")
    func products() throws {
        var samples = KernelSamples(seed: 11)
        let pool = try ThreadPool(threads: 2)
        for (rows, inner, columns) in [(1, 1, 1), (2, 3, 5), (7, 17, 33), (13, 40, 16), (31, 5, 64)] {
            let a = samples.matrix(rows, inner), b = samples.matrix(inner, columns)
            let bias = samples.floats(columns), before = samples.floats(rows * columns)
            let product = NaiveGradients.product(a, b).storage
            let turned = NaiveGradients.transposed(b).storage
            let expected = product.indices.map { product[$0] + bias[$0 % columns] }
            let added = zip(product, before).map { $0 + $1 }
            for kernels in Kernels.available {
                var scratch = [Float](repeating: 0, count: kernels.productScratch(inner: inner, columns: columns))
                for pool in [nil, pool] {
                    var y = [Float](repeating: .nan, count: rows * columns)
                    kernels.multiply(
                        a.storage, rows: rows, inner: inner, by: turned, columns: columns, isTransposed: true,
                        bias: bias, into: &y, scratch: &scratch, pool: pool)
                    #expect(largestDifference(y, expected) < 1e-5, "\(kernels.name) \(rows)")
                    y = before
                    kernels.multiply(
                        a.storage, rows: rows, inner: inner, by: b.storage, columns: columns, adding: true, into: &y,
                        scratch: &scratch, pool: pool)
                    #expect(largestDifference(y, added) < 1e-5, "\(kernels.name) \(rows)")
                }
            }
            var back = [Float](repeating: 0, count: b.storage.count)
            Kernels.best.transpose(b.storage, rows: inner, columns: columns, into: &back, pool: pool)
            #expect(back == turned)
        }
    }

    @Test("slopes of activations agree with small differences", arguments: Activation.allCases)
    func activations(_ activation: Activation) {
        let x = (-800...800).map { Float($0) / 100 + 0.003 }
        for kernels in Kernels.available {
            var d = [Float](repeating: 2, count: x.count)
            kernels.backward(activation, at: x, &d, count: x.count)
            for (x, d) in zip(x, d) {
                let step = 1e-4
                let rise =
                    NaiveKernels.activated(activation, Double(x) + step)
                    - NaiveKernels.activated(activation, Double(x) - step)
                #expect(abs(Double(d) - rise / step) < 1e-5, "\(kernels.name) \(x)")
            }
        }
    }

    @Test("the gradient of layer norm, odd widths included; sums over rows do not depend on threads")
    func layerNorm() throws {
        var samples = KernelSamples(seed: 12)
        let pool = try ThreadPool(threads: 2)
        for (rows, width) in [(1, 1), (3, 5), (20, 12), (35, 70), (7, 384)] {
            let x = samples.matrix(rows, width), dy = samples.matrix(rows, width)
            let norm = LayerNorm(gain: samples.floats(width), shift: samples.floats(width), epsilon: 1e-3)
            let expected = NaiveGradients.layerNorm(x, norm, dy)
            for kernels in Kernels.available {
                for pool in [nil, pool] {
                    var dx = [Float](repeating: .nan, count: rows * width)
                    var (gain, shift) = ([Float](repeating: 1, count: width), [Float](repeating: 2, count: width))
                    var scratch = [Float](repeating: 0, count: 2 * rows)
                    kernels.layerNormBackward(
                        at: x.storage, rows: rows, width: width, gain: norm.gain, epsilon: norm.epsilon, dy.storage,
                        into: &dx, dgain: &gain, dshift: &shift, scratch: &scratch, pool: pool)
                    #expect(largestDifference(dx, expected.dx.storage) < 2e-4, "\(kernels.name) \(width)")
                    #expect(largestDifference(gain, expected.dgain.map { $0 + 1 }) < 1e-4)
                    #expect(largestDifference(shift, expected.dshift.map { $0 + 2 }) < 1e-4)
                }
            }
        }
    }

    @Test("the gradient of attention over texts of several lengths, without dropout and with it")
    func attention() throws {
        var samples = KernelSamples(seed: 13)
        let shape = AttentionShape(heads: 3, headWidth: 5), lengths = [1, 4, 19, 9]
        let offsets = lengths.reduce(into: [Int32(0)]) { $0.append($0[$0.count - 1] + Int32($1)) }
        let rows = lengths.reduce(0, +)
        let qkv = samples.matrix(rows, 3 * shape.width), dout = samples.matrix(rows, shape.width)
        let pool = try ThreadPool(threads: 2)
        for kernels in Kernels.available {
            for (dropout, drops) in [(Dropout.none, false), (Dropout(share: 0.4, seed: 5, place: 7), true)] {
                let stride = kernels.attentionLearningScratch(longest: 19, shape: shape)
                var scratch = [Float](repeating: 0, count: 2 * stride)
                var out = [Float](repeating: .nan, count: rows * shape.width)
                var d = [Float](repeating: .nan, count: qkv.storage.count)
                kernels.attend(
                    shape, dropout: dropout, offsets: offsets, qkv: qkv.storage, into: &out, scratch: &scratch,
                    scratchStride: stride, pool: pool)
                kernels.attendBackward(
                    shape, dropout: dropout, offsets: offsets, qkv: qkv.storage, dout.storage, into: &d,
                    scratch: &scratch, scratchStride: stride, pool: pool)
                for s in lengths.indices {
                    let range = Int(offsets[s])..<Int(offsets[s + 1])
                    let (inner, outer) = (part(qkv, range), part(dout, range))
                    guard drops else {
                        let naive = NaiveKernels.attention(inner, shape)
                        #expect(largestDifference(out[rows: range, shape.width], naive.storage) < 1e-5)
                        let gradient = NaiveGradients.attention(inner, shape, outer)
                        #expect(largestDifference(d[rows: range, 3 * shape.width], gradient.storage) < 2e-5)
                        continue
                    }
                    // What was left out shows when values are 1 in one row and 0 in the others.
                    let kept = keptShares(kernels, shape, dropout, offsets, qkv, text: s)
                    let gradient = NaiveGradients.attention(inner, shape, outer) { kept[$0][$1][$2] }
                    #expect(largestDifference(d[rows: range, 3 * shape.width], gradient.storage) < 2e-5)
                }
            }
        }
    }

    /// For each head, query and key of a text: the share after dropout over the share before.
    private func keptShares(
        _ kernels: Kernels, _ shape: AttentionShape, _ dropout: Dropout, _ offsets: [Int32], _ qkv: Matrix, text: Int
    ) -> [[[Double]]] {
        let range = Int(offsets[text])..<Int(offsets[text + 1])
        let stride = kernels.attentionLearningScratch(longest: 19, shape: shape)
        func shares(_ dropout: Dropout, key: Int) -> [Float] {
            var probe = qkv
            for row in range {
                for c in 0..<shape.width { probe[row, 2 * shape.width + c] = row == range.lowerBound + key ? 1 : 0 }
            }
            var scratch = [Float](repeating: 0, count: stride)
            var out = [Float](repeating: 0, count: qkv.rows * shape.width)
            kernels.attend(
                shape, dropout: dropout, offsets: offsets, qkv: probe.storage, into: &out, scratch: &scratch,
                scratchStride: stride)
            return out
        }
        var kept = [[[Double]]](
            repeating: [[Double]](repeating: [Double](repeating: 1, count: range.count), count: range.count),
            count: shape.heads)
        for key in range.indices.map({ $0 - range.lowerBound }) {
            let (all, some) = (shares(.none, key: key), shares(dropout, key: key))
            for head in 0..<shape.heads {
                for query in 0..<range.count {
                    let at = (range.lowerBound + query) * shape.width + head * shape.headWidth
                    kept[head][query][key] = Double(some[at] / all[at])
                }
            }
        }
        return kept
    }

    private func part(_ matrix: Matrix, _ rows: Range<Int>) -> Matrix {
        Matrix(rows: rows.count, columns: matrix.columns, storage: rows.flatMap { matrix[row: $0] })
    }

    @Test("dropout leaves out its share, scales up the rest, and leaves out the same on every processor and thread")
    func dropout() throws {
        let count = 100_003
        let drop = Dropout(share: 0.25, seed: 3, place: 9)
        let runs = try Kernels.available.flatMap { kernels in
            try [nil, ThreadPool(threads: 2)].map { pool in
                var x = [Float](repeating: 3, count: count)
                kernels.apply(drop, to: &x, count: count, pool: pool)
                return x
            }
        }
        #expect(Set(runs).count == 1)
        #expect(Set(runs[0]) == [0, 4])
        let share = Double(runs[0].count { $0 == 0 }) / Double(count)
        #expect(abs(share - 0.25) < 5 * (0.25 * 0.75 / Double(count)).squareRoot())
        var other = [Float](repeating: 3, count: count)
        Kernels.best.apply(Dropout(share: 0.25, seed: 3, place: 10), to: &other, count: count)
        let agreement = Double(zip(runs[0], other).count { $0 == $1 }) / Double(count)
        #expect(abs(agreement - 0.625) < 0.01, "places must not share a stream")
    }

    @Test("AdamW: three steps by hand, with decay and without, of any length")
    func adamW() {
        let optimiser = AdamW(weightDecay: 0.1)
        for decays in [true, false] {
            for kernels in Kernels.available {
                let count = 19
                var w = (0..<count).map { Float($0) / 7 - 1 }, m = [Float](repeating: 0, count: count), v = m
                var expected = w.map(Double.init), m2 = m.map(Double.init), v2 = m.map(Double.init)
                for t in 1...3 {
                    let g = (0..<count).map { Float(($0 * t) % 5) - 1.5 }
                    kernels.apply(
                        optimiser.step(t, rate: 0.01, gradientScale: 0.5), decays: decays, weights: &w, gradients: g,
                        first: &m, second: &v, count: count)
                    for i in 0..<count {
                        let slope = 0.5 * Double(g[i])
                        m2[i] = 0.9 * m2[i] + 0.1 * slope
                        v2[i] = 0.999 * v2[i] + 0.001 * slope * slope
                        if decays { expected[i] *= 1 - 0.01 * 0.1 }
                        let mean = m2[i] / (1 - power(0.9, t)), square = v2[i] / (1 - power(0.999, t))
                        expected[i] -= 0.01 * mean / (square.squareRoot() + 1e-8)
                    }
                }
                #expect(largestDifference(w, expected.map(Float.init)) < 1e-6, "\(kernels.name)")
            }
        }
    }

    private func power(_ x: Double, _ n: Int) -> Double { (0..<n).reduce(1) { y, _ in y * x } }
}

extension [Float] {
    fileprivate subscript(rows rows: Range<Int>, width: Int) -> ArraySlice<Float> {
        self[rows.lowerBound * width..<rows.upperBound * width]
    }
}

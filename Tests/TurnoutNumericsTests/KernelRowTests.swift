import Testing
import TurnoutNumerics

@Suite("Activations, softmax, layer norm and attention, fast against naive")
struct KernelRowTests {
    @Test("activations are accurate from far left to far right", arguments: Activation.allCases)
    func activations(_ activation: Activation) {
        let x = (-12_000...12_000).map { Float($0) / 1000 }
        let expected = x.map { Float(NaiveKernels.activated(activation, Double($0))) }
        for kernels in Kernels.available {
            var y = x
            y.withUnsafeMutableBufferPointer { kernels.apply(activation, to: $0) }
            for (fast, naive) in zip(y, expected) {
                #expect(abs(fast - naive) <= 1e-6 * max(1, abs(naive)), "\(kernels.name) \(fast) \(naive)")
            }
        }
    }

    @Test("softmax: shares of 1, whatever the width, the scale and the size of the scores")
    func softmax() {
        var samples = KernelSamples(seed: 1)
        for width in [1, 2, 3, 4, 7, 8, 15, 16, 17, 33, 100, 257] {
            for range: ClosedRange<Float> in [-1...1, -80...80, 1000...1001] {
                let x = samples.floats(width, range)
                let expected = NaiveKernels.softmax(x, scale: 0.7)
                for kernels in Kernels.available {
                    var y = x
                    kernels.softmax(&y, rows: 1, width: width, stride: width, scale: 0.7)
                    #expect(largestDifference(y, expected) < 2e-6, "\(kernels.name) \(width)")
                    #expect(abs(y.reduce(0, +) - 1) < 1e-5)
                }
            }
        }
    }

    @Test("softmax leaves what lies between rows alone")
    func softmaxStride() {
        for kernels in Kernels.available {
            var x: [Float] = [1, 2, 3, 99, 3, 2, 1, 99]
            kernels.softmax(&x, rows: 2, width: 3, stride: 4)
            #expect(x[3] == 99 && x[7] == 99 && x[0] == x[6] && x[2] == x[4])
        }
    }

    @Test("layer norm of any width, of constant rows, and of rows far from zero")
    func layerNorm() {
        var samples = KernelSamples(seed: 2)
        for width in [1, 2, 5, 8, 16, 31, 32, 64, 100, 384] {
            let norm = LayerNorm(gain: samples.floats(width), shift: samples.floats(width), epsilon: 1e-5)
            for rows in [
                samples.floats(3 * width), [Float](repeating: 2, count: 3 * width), samples.floats(3 * width, 10...11),
            ] {
                let expected = (0..<3).flatMap { NaiveKernels.layerNorm(rows[$0 * width..<($0 + 1) * width], norm) }
                for kernels in Kernels.available {
                    var y = [Float](repeating: 0, count: 3 * width)
                    kernels.apply(norm, to: rows, rows: 3, into: &y)
                    #expect(largestDifference(y, expected) < 2e-4, "\(kernels.name) \(width)")
                }
            }
        }
    }

    @Test(
        "attention over sequences of all lengths at once is attention over each alone", arguments: [4, 8, 20, 32, 64])
    func attention(headWidth: Int) throws {
        var samples = KernelSamples(seed: UInt64(headWidth))
        let shape = AttentionShape(heads: 3, headWidth: headWidth)
        let lengths = [1, 2, 15, 16, 17, 32, 33, 61, 90]
        let sequences = lengths.map { samples.matrix($0, 3 * shape.width) }
        let expected = sequences.flatMap { NaiveKernels.attention($0, shape).storage }
        let together = sequences.flatMap(\.storage)
        let offsets = lengths.reduce(into: [Int32(0)]) { $0.append(($0.last ?? 0) + Int32($1)) }
        let pool = try ThreadPool(threads: 3)
        for kernels in Kernels.available {
            let stride = kernels.attentionScratch(longest: 90, shape: shape)
            for pool in [nil, pool] {
                var scratch = [Float](repeating: .nan, count: stride * (pool?.threads ?? 1))
                var out = [Float](repeating: .nan, count: expected.count)
                kernels.attend(
                    shape, offsets: offsets, qkv: together, into: &out, scratch: &scratch, scratchStride: stride,
                    pool: pool)
                #expect(largestDifference(out, expected) < 5e-6, "\(kernels.name)")
            }
        }
    }
}

import Testing
import TurnoutNumerics

@Suite("Linear layers, fast against naive")
struct KernelLinearTests {
    /// Rows, inputs, outputs: single elements, primes, exact multiples of every tile, one more and one less.
    private static let shapes = [
        (1, 1, 1), (1, 7, 3), (2, 16, 32), (3, 31, 33), (5, 64, 31), (6, 17, 16), (7, 65, 97), (13, 40, 64),
        (14, 128, 32), (15, 33, 65), (16, 48, 96), (29, 72, 40), (43, 19, 50),
    ]

    private static func apply(
        _ layer: PackedLinear, _ x: Matrix, _ activation: Activation = .none, residual: Matrix? = nil,
        pool: ThreadPool? = nil
    ) -> Matrix {
        var y = Matrix(rows: x.rows, columns: layer.outputs)
        var scratch = [UInt64](repeating: 0, count: layer.scratchByteCount(rows: x.rows) / 8 + 1)
        scratch.withUnsafeMutableBytes { scratch in
            layer.apply(
                to: x.storage, rows: x.rows, activation: activation, residual: residual?.storage, into: &y.storage,
                scratch: scratch.baseAddress, pool: pool)
        }
        return y
    }

    private static func pack(
        _ weights: Matrix, _ bias: [Float], _ storage: WeightStorage, _ kernels: Kernels
    ) throws -> PackedLinear {
        try PackedLinear(
            inputs: weights.columns, outputsPerPart: weights.rows, storage: storage, kernels: kernels,
            parts: [{ PackedLinear.Part(weights: weights.storage, bias: bias) }])
    }

    @Test("every instruction set multiplies as the naive kernel does, with every activation and with a residual")
    func matchesNaive() throws {
        var samples = KernelSamples(seed: 1)
        for (rows, inputs, outputs) in Self.shapes {
            let x = samples.matrix(rows, inputs), weights = samples.matrix(outputs, inputs)
            let bias = samples.floats(outputs), residual = samples.matrix(rows, outputs)
            for activation in Activation.allCases {
                let expected = NaiveKernels.linear(
                    x, weights: weights, bias: bias, activation: activation, residual: residual)
                for kernels in Kernels.available {
                    let layer = try Self.pack(weights, bias, .float32, kernels)
                    let y = Self.apply(layer, x, activation, residual: residual)
                    let difference = largestDifference(y.storage, expected.storage)
                    #expect(difference < 1e-5, "\(kernels.name) \(rows)x\(inputs)x\(outputs) \(activation)")
                }
            }
        }
    }

    @Test("bfloat16 is exact for weights that fit it; int8 is within what its rounding allows")
    func storages() throws {
        var samples = KernelSamples(seed: 2)
        for (rows, inputs, outputs) in Self.shapes {
            let x = samples.matrix(rows, inputs), bias = samples.floats(outputs)
            var weights = samples.matrix(outputs, inputs)
            weights.storage = weights.storage.map { Float(bitPattern: $0.bitPattern & 0xffff_0000) }
            let expected = NaiveKernels.linear(x, weights: weights, bias: bias)
            for kernels in Kernels.available {
                let halves = Self.apply(try Self.pack(weights, bias, .bfloat16, kernels), x)
                #expect(largestDifference(halves.storage, expected.storage) < 1e-5, "\(kernels.name)")
                let bytes = Self.apply(try Self.pack(weights, bias, .int8, kernels), x)
                // Each product errs by at most half a step of its weight (1/254), and by that of x, which is far smaller.
                let bound = Float(inputs) / 254 * 1.1 + 1e-3
                #expect(largestDifference(bytes.storage, expected.storage) < bound, "\(kernels.name)")
            }
        }
    }

    @Test("int8 never overflows, and is nearly the same on every instruction set")
    func integers() throws {
        let weights = Matrix(rows: 3, columns: 5000, storage: [Float](repeating: 1, count: 15000))
        let x = Matrix(rows: 2, columns: 5000, storage: [Float](repeating: -3, count: 10000))
        for kernels in Kernels.available {
            let y = Self.apply(try Self.pack(weights, [0, 1, 2], .int8, kernels), x)
            #expect(largestDifference(y.storage, [-15000, -14999, -14998, -15000, -14999, -14998]) < 0.01)
        }
        var samples = KernelSamples(seed: 3)
        let some = samples.matrix(40, 77), bias = samples.floats(40), rows = samples.matrix(9, 77)
        let results = try Kernels.available.map { Self.apply(try Self.pack(some, bias, .int8, $0), rows) }
        for result in results { #expect(largestDifference(result.storage, results[0].storage) < 1e-3) }
    }

    @Test("a row's result is the same to the bit alone, in a batch, and on any number of threads")
    func reproducible() throws {
        var samples = KernelSamples(seed: 4)
        let x = samples.matrix(211, 96), weights = samples.matrix(320, 96), bias = samples.floats(320)
        for storage in WeightStorage.allCases {
            for kernels in Kernels.available {
                let layer = try Self.pack(weights, bias, storage, kernels)
                let whole = Self.apply(layer, x, .gelu)
                for threads in [2, 3] {
                    let shared = Self.apply(layer, x, .gelu, pool: try ThreadPool(threads: threads))
                    #expect(shared == whole, "\(kernels.name) \(storage) \(threads) threads")
                }
                for row in [0, 100, 210] {
                    let one = Matrix(rows: 1, columns: 96, storage: Array(x[row: row]))
                    let alone = Self.apply(layer, one, .gelu)
                    #expect(alone.storage == Array(whole[row: row]), "\(kernels.name) \(storage) row \(row)")
                }
            }
        }
    }

    @Test("parts of a layer stand side by side; what a part throws is passed on")
    func parts() throws {
        var samples = KernelSamples(seed: 5)
        let x = samples.matrix(4, 10), a = samples.matrix(6, 10), b = samples.matrix(6, 10)
        let layer = try PackedLinear(
            inputs: 10, outputsPerPart: 6, storage: .float32,
            parts: [{ .init(weights: a.storage, bias: nil) }, { .init(weights: b.storage, bias: nil) }])
        let stacked = Matrix(rows: 12, columns: 10, storage: a.storage + b.storage)
        let expected = NaiveKernels.linear(x, weights: stacked, bias: [Float](repeating: 0, count: 12))
        #expect(largestDifference(Self.apply(layer, x).storage, expected.storage) < 1e-5)

        struct Refused: Error {}
        #expect(throws: Refused.self) {
            try PackedLinear(inputs: 1, outputsPerPart: 1, storage: .float32, parts: [{ throw Refused() }])
        }
    }
}

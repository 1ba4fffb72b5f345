import Testing
import TurnoutNumerics

@Suite("Attention that looks at distances")
struct KernelPositionTests {
    private static func vectors(
        _ samples: inout KernelSamples, _ shape: AttentionShape, _ places: RelativePlaces, keys: Bool, queries: Bool
    ) -> PositionVectors {
        PositionVectors(
            places: places, keys: keys ? samples.matrix(places.count, shape.width) : nil,
            queries: queries ? samples.matrix(places.count, shape.width) : nil)
    }

    @Test(
        "scores have the terms that the vectors say, in sequences of all lengths at once",
        arguments: [(4, true, true), (8, true, false), (20, false, true), (32, true, true)])
    func attention(headWidth: Int, keys: Bool, queries: Bool) throws {
        var samples = KernelSamples(seed: UInt64(headWidth))
        let shape = AttentionShape(heads: 2, headWidth: headWidth, scoreTerms: 1 + (keys ? 1 : 0) + (queries ? 1 : 0))
        let lengths = headWidth < 16 ? [1, 2, 17, 61] : [15, 33]
        let sequences = lengths.map { samples.matrix($0, 3 * shape.width) }
        let together = sequences.flatMap(\.storage)
        let offsets = lengths.reduce(into: [Int32(0)]) { $0.append(($0.last ?? 0) + Int32($1)) }
        let pool = try ThreadPool(threads: 3)
        for places in [
            RelativePlaces(longest: 61, farthest: 61, buckets: 16), RelativePlaces(longest: 80, farthest: 25),
            RelativePlaces(longest: 61, farthest: 512, buckets: 256),
        ] {
            let vectors = Self.vectors(&samples, shape, places, keys: keys, queries: queries)
            let expected = sequences.flatMap { NaiveKernels.attention($0, shape, positions: vectors).storage }
            for kernels in Kernels.available {
                let positions = try RelativePositions(vectors, shape, kernels: kernels)
                let stride = kernels.attentionScratch(longest: 61, shape: shape, places: places.count)
                for pool in [nil, pool] {
                    var scratch = [Float](repeating: .nan, count: stride * (pool?.threads ?? 1))
                    var out = [Float](repeating: .nan, count: expected.count)
                    kernels.attend(
                        shape, positions: positions, offsets: offsets, qkv: together, into: &out, scratch: &scratch,
                        scratchStride: stride, pool: pool)
                    #expect(largestDifference(out, expected) < 1e-5, "\(kernels.name) \(places.count)")
                }
            }
        }
    }

    @Test("a sequence alone and in a batch gives the same bits")
    func alone() throws {
        var samples = KernelSamples(seed: 9)
        let shape = AttentionShape(heads: 2, headWidth: 20, scoreTerms: 3)
        let places = RelativePlaces(longest: 64, farthest: 64, buckets: 16)
        let vectors = Self.vectors(&samples, shape, places, keys: true, queries: true)
        let first = samples.matrix(37, 3 * shape.width), second = samples.matrix(64, 3 * shape.width)
        for kernels in Kernels.available {
            let positions = try RelativePositions(vectors, shape, kernels: kernels)
            let stride = kernels.attentionScratch(longest: 64, shape: shape, places: places.count)
            func attend(_ matrices: [Matrix]) -> [Float] {
                let rows = matrices.map(\.rows)
                var scratch = [Float](repeating: .nan, count: stride)
                var out = [Float](repeating: .nan, count: rows.reduce(0, +) * shape.width)
                kernels.attend(
                    shape, positions: positions,
                    offsets: rows.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int32($1)) },
                    qkv: matrices.flatMap(\.storage), into: &out, scratch: &scratch, scratchStride: stride)
                return out
            }
            #expect(attend([first, second]) == attend([first]) + attend([second]), "\(kernels.name)")
        }
    }

    @Test("near distances have a place each, far ones share theirs, and the farthest the last")
    func places() {
        let plain = RelativePlaces(longest: 6, farthest: 3)
        #expect((-5...5).map { plain[$0] } == [0, 0, 0, 1, 2, 3, 4, 5, 5, 5, 5])
        let buckets = RelativePlaces(longest: 40, farthest: 32, buckets: 8)
        #expect((-4...4).map { buckets[$0] } == [4, 5, 6, 7, 8, 9, 10, 11, 12])
        #expect(buckets[39] == 15 && buckets[-39] == 0)
        #expect((-38...39).allSatisfy { buckets[$0] >= buckets[$0 - 1] })
    }
}

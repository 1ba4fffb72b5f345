import Testing

@testable import TurnoutNumerics

@Suite("Eigenvectors and principal axes")
struct PrincipalAxesTests {
    private func matrix(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
        var random = SeededRandom(seed: seed)
        return Matrix(
            rows: rows, columns: columns, storage: (0..<rows * columns).map { _ in Float(random.uniform() * 2 - 1) })
    }

    private func product(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

    @Test(
        "each eigenvector is stretched by its eigenvalue, and they are orthonormal",
        arguments: [(1, 4), (2, 9), (3, 5), (17, 40), (64, 90), (9, 4)])
    func eigenvectors(order: Int, rank: Int) {
        let a = Gram.naive(matrix(rank, order, seed: UInt64(order)), rows: Array(0..<rank))
        let found = Eigenvectors(of: a)
        #expect(found.values.count { $0 > 1e-9 } == min(order, rank))
        #expect(zip(found.values, found.values.dropFirst()).allSatisfy { $0 >= $1 })
        for (value, vector) in zip(found.values, found.vectors).prefix(min(order, rank)) {
            for i in 0..<order {
                let stretched = product(Array(a.storage[i * order..<(i + 1) * order]), vector)
                #expect(abs(stretched - value * vector[i]) < 1e-9)
            }
            #expect((vector.max { abs($0) < abs($1) } ?? 0) > 0)
        }
        for i in 0..<min(order, rank) {
            for j in 0...i {
                #expect(abs(product(found.vectors[i], found.vectors[j]) - (i == j ? 1 : 0)) < 1e-9)
            }
        }
    }

    @Test("equal eigenvalues, and none at all, do no harm")
    func degenerate() {
        var unit = SymmetricMatrix(order: 3)
        #expect(Eigenvectors(of: unit).values == [0, 0, 0])
        for i in 0..<3 { unit[i, i] = 4 }
        let found = Eigenvectors(of: unit)
        #expect(found.values == [4, 4, 4])
        #expect(found.vectors == [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
        #expect(Eigenvectors(of: SymmetricMatrix(order: 0)).values.isEmpty)
    }

    @Test("points along a line need one axis, and keep their distances on it")
    func line() {
        let steps: [Float] = [-2, -1, 0, 1, 7]
        let points = Matrix(rows: 5, columns: 3, storage: steps.flatMap { [1 + 2 * $0, 5 - $0, 2 * $0] })
        let axes = PrincipalAxes(of: points, count: 1, threads: 1)
        #expect(abs(axes.keptVariance - 1) < 1e-6)
        let places = axes.coordinates(of: points, threads: 1).storage
        for (place, step) in zip(places, steps) { #expect(abs(place - 3 * (step - 1)) < 1e-4) }
    }

    @Test("axes and coordinates are the same on any number of threads")
    func threads() {
        let x = matrix(300, 21, seed: 3)
        let (one, three) = (
            PrincipalAxes(of: x, count: 5, threads: 1), PrincipalAxes(of: x, count: 5, threads: 3)
        )
        #expect(one.axes == three.axes && one.keptVariance < 1)
        #expect(one.coordinates(of: x, threads: 1) == three.coordinates(of: x, threads: 3))
    }
}

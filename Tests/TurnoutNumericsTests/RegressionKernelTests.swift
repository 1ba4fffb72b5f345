import Foundation
import Testing

@testable import TurnoutNumerics

@Suite("Kernels of regression")
struct RegressionKernelTests {
    private func matrix(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
        var random = SeededRandom(seed: seed)
        return Matrix(
            rows: rows, columns: columns, storage: (0..<rows * columns).map { _ in Float(random.uniform() * 2 - 1) })
    }

    @Test(
        "XᵀX agrees with the naive one on odd shapes and any rows",
        arguments: [(1, 1), (3, 2), (7, 5), (64, 16), (513, 9), (700, 31)])
    func gram(rows: Int, columns: Int) {
        let x = matrix(rows, columns, seed: UInt64(rows))
        for chosen in [Array(0..<rows), Array(stride(from: 0, to: rows, by: 2)), []] {
            let (fast, naive) = (Gram.matrix(x, rows: chosen), Gram.naive(x, rows: chosen))
            let worst = zip(fast.storage, naive.storage).map { abs($0 - $1) }.max() ?? 0
            #expect(worst < 1e-4)
        }
    }

    @Test("XᵀX is the same on any number of threads, bit for bit")
    func gramThreads() {
        let x = matrix(900, 37, seed: 4)
        let one = Gram.matrix(x, rows: Array(0..<900), threads: 1)
        #expect(Gram.matrix(x, rows: Array(0..<900), threads: 3) == one)
    }

    @Test("a Cholesky solution satisfies its system", arguments: [1, 2, 9, 40, 130])
    func cholesky(order: Int) throws {
        let x = matrix(order + 20, order, seed: UInt64(order))
        let a = Gram.naive(x, rows: Array(0..<order + 20)).addingDiagonal([Double](repeating: 0.1, count: order))
        let b = (0..<order).map { Double($0) - 3 }
        let solution = try #require(Cholesky(a)).solve(b)
        for i in 0..<order {
            let product = (0..<order).reduce(0) { $0 + a[i, $1] * solution[$1] }
            #expect(abs(product - b[i]) < 1e-8)
        }
    }

    @Test("a matrix that is not positive definite is refused")
    func indefinite() {
        var a = SymmetricMatrix(order: 2)
        a[0, 0] = 1
        a[0, 1] = 2
        a[1, 0] = 2
        a[1, 1] = 1
        #expect(Cholesky(a) == nil)
    }

    @Test("logistic regression ends where the gradient vanishes, from any start")
    func logisticOptimum() throws {
        let x = matrix(400, 6, seed: 8)
        var random = SeededRandom(seed: 2)
        let targets = (0..<400).map { _ in Float(random.uniform() < 0.3 ? 1 : 0) }
        let rows = Array(0..<400)
        let problem = LogisticRegression.Problem(
            features: x, targets: targets, rows: rows, gram: Gram.matrix(x, rows: rows),
            penalties: [Double](repeating: 0.5, count: 6))
        let cold = try #require(LogisticRegression.fit(problem))
        let warm = try #require(LogisticRegression.fit(problem, start: [Double](repeating: 2, count: 6)))
        #expect(zip(cold, warm).allSatisfy { abs($0 - $1) < 1e-3 })
        #expect(LogisticRegression.objective(problem, at: cold).gradient.allSatisfy { abs($0) < 0.05 })
    }

    @Test("separable classes do not diverge")
    func separable() throws {
        let x = Matrix(rows: 4, columns: 2, storage: [-2, 1, -1, 1, 1, 1, 2, 1])
        let problem = LogisticRegression.Problem(
            features: x, targets: [0, 0, 1, 1], rows: [0, 1, 2, 3], gram: Gram.matrix(x, rows: [0, 1, 2, 3]),
            penalties: [0.1, 0])
        let weights = try #require(LogisticRegression.fit(problem))
        #expect(weights.allSatisfy(\.isFinite) && weights[0] > 0)
    }

    @Test("parallel results come back in order")
    func parallel() {
        #expect(parallelMap(1000, threads: 4) { $0 * $0 } == (0..<1000).map { $0 * $0 })
        #expect(parallelMap(0, threads: 4) { $0 }.isEmpty)
    }
}

import Foundation
import Testing
import TurnoutNumerics

/// Made by Reference/make_learning_goldens.py.
private struct Goldens: Decodable {
    let x: [[Double]]
    let hard, soft, logistic, softLogistic, ridge: [Double]
    let penalty: Double

    static func load() throws -> Goldens {
        let url = try #require(
            Bundle.module.url(forResource: "regression", withExtension: "json", subdirectory: "Fixtures"))
        return try JSONDecoder().decode(Goldens.self, from: Data(contentsOf: url))
    }

    /// Features and a column of ones.
    var features: Matrix {
        Matrix(rows: x.count, columns: x[0].count + 1, storage: x.flatMap { $0.map(Float.init) + [1] })
    }

    var penalties: [Double] { [Double](repeating: penalty, count: x[0].count) + [0] }
}

@Suite("Regression against scikit-learn")
struct RegressionGoldenTests {
    private func logistic(_ golden: Goldens, _ targets: [Double]) throws -> [Double] {
        let rows = Array(golden.x.indices)
        let problem = LogisticRegression.Problem(
            features: golden.features, targets: targets.map(Float.init), rows: rows,
            gram: Gram.matrix(golden.features, rows: rows), penalties: golden.penalties)
        return try #require(LogisticRegression.fit(problem, tolerance: 1e-12))
    }

    @Test("logistic regression on right and wrong")
    func hard() throws {
        let golden = try Goldens.load()
        #expect(zip(try logistic(golden, golden.hard), golden.logistic).allSatisfy { abs($0 - $1) < 1e-3 })
    }

    @Test("logistic regression on soft labels")
    func soft() throws {
        let golden = try Goldens.load()
        #expect(zip(try logistic(golden, golden.soft), golden.softLogistic).allSatisfy { abs($0 - $1) < 1e-3 })
    }

    @Test("ridge regression")
    func ridge() throws {
        let golden = try Goldens.load()
        let rows = Array(golden.x.indices)
        let moments = RidgeRegression.Moments(
            gram: Gram.matrix(golden.features, rows: rows),
            products: [RidgeRegression.product(golden.features, golden.soft, rows: rows)])
        let weights = try #require(RidgeRegression.solve(moments, penalties: golden.penalties)?.first)
        #expect(zip(weights, golden.ridge).allSatisfy { abs($0 - $1) < 1e-5 })
    }
}

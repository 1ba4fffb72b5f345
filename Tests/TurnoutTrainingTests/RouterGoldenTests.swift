import Foundation
import Testing
import TurnoutCore
import TurnoutEvaluation
import TurnoutNumerics

@testable import TurnoutTraining

/// Made by Reference/make_router_goldens.py.
private struct Goldens: Decodable {
    struct Factors: Decodable {
        let vectors, projection, queries, strengths: [[Double]]
        let classifier: [Double]
        let winRates: [[[Double]]]
    }
    struct Clusters: Decodable {
        let points, start, centres: [[Float]]
        let labels: [Int]
        let inertia: Double
    }
    struct Neighbours: Decodable {
        let rows, queries, similarities: [[Float]]
        let nearest: [[Int]]
    }
    struct ItemResponse: Decodable {
        let x, estimates: [[Double]]
        let y: [[Double]]
        let penalty, loss: Double
    }
    let matrixFactorisation: Factors
    let clusters: Clusters
    let neighbours: Neighbours
    let itemResponse: ItemResponse

    static func load() throws -> Goldens {
        let url = try #require(
            Bundle.module.url(forResource: "routers", withExtension: "json", subdirectory: "Fixtures"))
        return try JSONDecoder().decode(Goldens.self, from: Data(contentsOf: url))
    }
}

private func matrix(_ rows: [[Float]]) -> Matrix {
    Matrix(rows: rows.count, columns: rows[0].count, storage: rows.flatMap { $0 })
}

private func product(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for (x, y) in zip(a, b) { sum += x * y }
    return sum
}

@Suite("Routers against their references")
struct RouterGoldenTests {
    @Test("matrix factorisation collapses to one dot product a model, with RouteLLM's win rates")
    func matrixFactorisation() throws {
        let golden = try Goldens.load().matrixFactorisation
        // The classifier multiplies the rows of the projection; the last column is the constant that the reference lacks.
        var projection: [Double] = []
        for (row, weight) in zip(golden.projection, golden.classifier) { projection += row.map { $0 * weight } + [0] }
        let heads = ModelFactors(vectors: golden.vectors, projection: projection, offsets: [0, 0, 0, 0, 0]).heads
        for (query, expected) in zip(golden.queries, zip(golden.strengths, golden.winRates)) {
            let strengths = heads.map { product($0, query + [1]) }
            #expect(zip(strengths, expected.0).allSatisfy { abs($0 - $1) < 1e-5 })
            for (a, row) in expected.1.enumerated() {
                for (b, rate) in row.enumerated() {
                    #expect(abs(1 / (1 + exp(strengths[b] - strengths[a])) - rate) < 1e-5)
                }
            }
        }
    }

    @Test("k-means from given centres ends where scikit-learn's does")
    func clusters() throws {
        let golden = try Goldens.load().clusters
        let (points, start) = (matrix(golden.points), matrix(golden.start))
        let fit = try KMeans(points, centres: matrix(Array(golden.start.prefix(3))), threads: 2)
        #expect(fit.assignment == golden.labels)
        #expect(zip(fit.centres.storage, golden.centres.flatMap { $0 }).allSatisfy { abs($0 - $1) < 1e-4 })
        #expect(abs(fit.inertia - golden.inertia) < 1e-3 * golden.inertia)
        let four = try KMeans(points, centres: start)
        #expect(Set(four.assignment).count == 4, "the centre that was far from all points takes one over")
        #expect(four.inertia < golden.inertia)
    }

    @Test("the nearest rows are scikit-learn's; with bytes in place of floats nearly all of them")
    func neighbours() throws {
        let golden = try Goldens.load().neighbours
        let exact = golden.queries.map { query in
            NaiveKernels.nearest(
                12, of: golden.rows.map { row in Float(product(row.map(Double.init), query.map(Double.init))) })
        }
        #expect(exact.map { $0.map(\.row) } == golden.nearest)
        for (found, expected) in zip(exact, golden.similarities) {
            #expect(zip(found, expected).allSatisfy { abs($0.similarity - $1) < 1e-5 })
        }
        let table = CosineTable(matrix(golden.rows))
        let coarse = golden.queries.map { table.nearest(12, to: $0) }
        let shared = zip(coarse, golden.nearest).reduce(0) { $0 + Set($1.0.map(\.row)).intersection($1.1).count }
        #expect(shared >= 12 * golden.queries.count * 19 / 20, "\(shared)")
    }

    @Test("item response theory arrives at scipy's optimum")
    func itemResponse() throws {
        let golden = try Goldens.load().itemResponse
        let features = matrix(golden.x.map { $0.map(Float.init) })
        let scores = ScoreTable(
            targets: (0..<3).map { model in golden.y.map { $0[model] } })
        let penalties = [Double](repeating: golden.penalty, count: features.columns - 1) + [0]
        let loss = ResponseLoss(
            layer: LinearLayer(features, threads: 2), responses: Responses(scores), penalties: penalties, dimensions: 1)
        var random = SeededRandom(seed: 0)
        let found = try #require(loss.minimised(from: loss.start(using: &random), tolerance: 1e-12))
        #expect(abs(loss.evaluate(found).value - golden.loss) < 1e-4)
        let (heads, abilities) = (loss.heads(found), loss.abilities(found))
        for (x, expected) in zip(golden.x, golden.estimates) {
            for (ability, estimate) in zip(abilities, expected) {
                let z = softplus(product(heads[0], x)) * ability - product(heads[1], x)
                #expect(abs(1 / (1 + exp(-z)) - estimate) < 2e-3)
            }
        }
    }

    @Test("the gradients of both factor models are those of finite differences")
    func gradients() throws {
        let golden = try Goldens.load().itemResponse
        let features = matrix(golden.x.map { $0.map(Float.init) })
        let scores = ScoreTable(targets: (0..<3).map { model in golden.y.map { $0[model] } })
        let penalties = [Double](repeating: 1, count: features.columns)
        var random = SeededRandom(seed: 4)
        let responses = ResponseLoss(
            layer: LinearLayer(features, threads: 1), responses: Responses(scores), penalties: penalties, dimensions: 2)
        check(responses.start(using: &random).map { $0 + 0.3 * (random.uniform() - 0.5) }, responses.evaluate)
        let factors = ModelFactors(models: 3, rank: 2, columns: features.columns, using: &random)
        let comparisons = ComparisonLoss(
            layer: LinearLayer(features, threads: 1),
            comparisons: ModelComparisons(
                scores, rows: golden.x.map { _ in OutcomeRow(prompt: "") }, models: ["a", "b", "c"]),
            penalties: penalties, start: factors)
        check(factors.parameters.map { $0 + 0.3 * (random.uniform() - 0.5) }) { comparisons.evaluate(factors.with($0)) }
    }

    private func check(
        _ point: [Double], _ function: ([Double]) -> (value: Double, gradient: [Double]),
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let gradient = function(point).gradient
        // Projections are made in 32 bits: a step of a hundredth keeps their rounding below the tolerance.
        let step = 0.01
        for index in point.indices {
            var (up, down) = (point, point)
            up[index] += step
            down[index] -= step
            let slope = (function(up).value - function(down).value) / (2 * step)
            #expect(
                abs(slope - gradient[index]) < 5e-3 * max(1, abs(slope)), "parameter \(index)",
                sourceLocation: sourceLocation)
        }
    }
}

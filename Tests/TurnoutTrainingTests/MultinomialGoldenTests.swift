import Foundation
import Testing
import TurnoutNumerics

/// Made by Reference/make_task_goldens.py.
private struct Goldens: Decodable {
    let x: [[Double]]
    let words: [[Int]]
    let classes: [Int]
    let weights, penalties: [Double]
    let wordPenalty: Double
    let heads, wordWeights, outputs: [[Double]]
    let intercepts: [Double]
    let inverseTemperature: Double

    static func load() throws -> Goldens {
        let url = try #require(
            Bundle.module.url(forResource: "multinomial", withExtension: "json", subdirectory: "Fixtures"))
        return try JSONDecoder().decode(Goldens.self, from: Data(contentsOf: url))
    }

    /// Features and a column of ones, which is not penalised.
    var problem: MultinomialRegression.Problem {
        MultinomialRegression.Problem(
            features: Matrix(
                rows: x.count, columns: x[0].count + 1, storage: x.flatMap { $0.map(Float.init) + [1] }),
            words: words, wordWeights: words.map { 1 / Float($0.count).squareRoot() }, vocabulary: 12,
            classes: classes, classCount: 3, weights: weights, penalties: penalties + [0], wordPenalty: wordPenalty)
    }
}

@Suite("Multinomial regression against scikit-learn")
struct MultinomialGoldenTests {
    @Test("weights of features, intercepts and words")
    func weights() throws {
        let golden = try Goldens.load()
        let found = try #require(
            MultinomialRegression.fit(golden.problem, rows: Array(golden.x.indices), tolerance: 1e-12))
        let mean = found.heads.reduce(0) { $0 + $1[4] } / 3
        for k in 0..<3 {
            #expect(zip(found.heads[k], golden.heads[k]).allSatisfy { abs($0 - $1) < 1e-3 })
            #expect(abs(found.heads[k][4] - mean - golden.intercepts[k]) < 1e-3)
            for (word, weight) in golden.wordWeights[k].enumerated() {
                #expect(abs(found.words[word * 3 + k] - weight) < 1e-3)
            }
        }
    }

    @Test("a word that no chosen row has gets no weight, and the gradient has nowhere to fall")
    func unseen() throws {
        let golden = try Goldens.load()
        let rows = golden.x.indices.filter { !golden.words[$0].contains(3) }
        let found = try #require(MultinomialRegression.fit(golden.problem, rows: rows))
        #expect(found.words[9..<12].allSatisfy { $0 == 0 })
        #expect(found.words.contains { $0 != 0 })
    }

    @Test("the temperature that makes probabilities come true")
    func temperature() throws {
        let golden = try Goldens.load()
        let found = Temperature.inverse(outputs: golden.outputs, classes: golden.classes, weights: golden.weights)
        #expect(abs(found - golden.inverseTemperature) < 2e-4)
    }

    @Test("outputs that say nothing keep the temperature")
    func flat() {
        #expect(Temperature.inverse(outputs: [[1, 1], [1, 1]], classes: [0, 1], weights: [1, 1]) == 1)
    }
}

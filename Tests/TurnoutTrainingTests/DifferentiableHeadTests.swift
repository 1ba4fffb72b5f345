import Foundation
import Testing
import TurnoutCore
import TurnoutNumerics

@testable import TurnoutTraining

@Suite("The head that learns by gradient descent")
struct DifferentiableHeadTests {
    /// What setfit's own training did, step by step; by Reference/make_tuning_goldens.py.
    private struct Golden: Decodable {
        struct Step: Decodable {
            let rows: [Int]
            let loss: Double
        }
        let vectors: [[Float]]
        let labels: [Int]
        let weights: [[Float]]
        let bias: [Float]
        let steps: [Step]
        let steps_per_epoch: Int
        let probabilities: [[Double]]
    }

    @Test(
        "every loss of setfit's training is the same to 1e-5, and so are the probabilities, over two and three classes")
    func golden() throws {
        let url = try #require(
            Bundle.module.url(
                forResource: "differentiable-heads", withExtension: "json", subdirectory: "Fixtures/Tuning"))
        for golden in try JSONDecoder().decode([Golden].self, from: Data(contentsOf: url)) {
            let head = DifferentiableHead(
                weights: Matrix(
                    rows: golden.bias.count, columns: golden.vectors[0].count, storage: golden.weights.flatMap(\.self)),
                bias: golden.bias, weightDecay: 0.01)
            for (number, step) in golden.steps.enumerated() {
                let rate = 0.01 * pow(0.5, Double(number / golden.steps_per_epoch / 5))
                let loss = head.learn(step.rows.map { (golden.vectors[$0], golden.labels[$0]) }, rate: rate)
                #expect(abs(loss - step.loss) < 1e-5, "step \(number)")
            }
            for (vector, expected) in zip(golden.vectors, golden.probabilities) {
                let shares = head.regression.probabilities(of: vector)
                #expect(zip(shares, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(shares) \(expected)")
            }
        }
    }

    @Test("it learns what can be told apart, the same way from the same seed")
    func learns() {
        let vectors = Matrix(rows: 8, columns: 2, storage: (0..<8).flatMap { [Float($0 % 2), Float(1 - $0 % 2)] })
        let labels = (0..<8).map { $0 % 2 }
        func head(seed: UInt64) -> SoftmaxRegression {
            DifferentiableHead.fit(vectors, labels: labels, classes: 2, DifferentiableHeadOptions(), seed: seed)
        }
        let one = head(seed: 1)
        #expect(one.probabilities(of: [0, 1])[0] > 0.6 && one.probabilities(of: [1, 0])[1] > 0.6)
        #expect(one == head(seed: 1) && one != head(seed: 2))
    }

    @Test("a head has the settings of its kind and no others")
    func settings() throws {
        var options = SetFitOptions(createdAt: "")
        #expect(throws: TurnoutError.self) { try options.apply(["head_epochs=2"]) }
        #expect(throws: TurnoutError.self) { try options.apply(["head=differentiable", "head_c=2"]) }
        #expect(throws: TurnoutError.self) { try options.apply(["head=tree"]) }
        try options.apply(["head=differentiable", "head_epochs=2", "head_learning_rate=0.5"])
        var expected = DifferentiableHeadOptions()
        (expected.epochs, expected.learningRate) = (2, 0.5)
        #expect(options.head == .differentiable(expected))
        try options.apply(["head=logistic", "head_c=2"])
        #expect(options.head == .logistic(inversePenalty: 2))
    }
}

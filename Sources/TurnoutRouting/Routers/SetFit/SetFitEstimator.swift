import Foundation
public import TurnoutCore
public import TurnoutEncoders
package import TurnoutNumerics

/// P(class) of a text by a tuned encoder and a logistic head, summed over the classes of each model.
///
/// Tunstall et al. 2022, "Efficient Few-Shot Learning Without Prompts". The tuned encoder is stored in the same file.
public struct SetFitEstimator: Estimator {
    /// `setfit`.
    public static let kind = "setfit"

    /// The names of the classes.
    public let classes: [String]
    /// For each class, the place of its model in the card.
    let models: [Int]
    let modelCount: Int
    let head: SoftmaxRegression
    /// The tuned encoder; `nil` when the router uses one that is named.
    let encoder: TransformerEncoder?

    /// Takes a head over some classes.
    ///
    /// - Parameters:
    ///   - classes: Their names.
    ///   - models: For each class, the place of its model in the card.
    ///   - head: Makes a probability for each class.
    ///   - encoder: The tuned encoder.
    package init(classes: [String], models: [Int], head: SoftmaxRegression, encoder: TransformerEncoder?) {
        self.classes = classes
        self.models = models
        self.modelCount = (models.max() ?? -1) + 1
        self.head = head
        self.encoder = encoder
    }

    /// P(class) for each class, in their order.
    package func probabilities(of embedding: [Float]) -> [Double] { head.probabilities(of: embedding) }

    /// For each model, the probability that the text's class is one of its own.
    public func estimates(for query: QueryFeatures) -> [Double] {
        var sums = [Double](repeating: 0, count: modelCount)
        for (model, share) in zip(models, probabilities(of: query.embedding)) { sums[model] += share }
        return sums
    }

    /// Reads tensors `weights`, `bias` and `class_models`, and metadata `classes`.
    public init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws {
        let weights = try file.finiteMatrix("weights", columns: encoder.dimension)
        let bias = try file.finite("bias"), models = try file.tensor("class_models").integers()
        let classes = file.metadata["classes"].flatMap {
            try? JSONDecoder().decode([String].self, from: Data($0.utf8))
        }
        guard let classes, classes.count > 1,
            [weights.rows, bias.count, models.count].allSatisfy({ $0 == classes.count }),
            Set(models) == Set(card.models.indices)
        else {
            throw TurnoutError(
                .damagedFile,
                """
                \(file.name): its \(classes?.count ?? 0) classes, \(weights.rows) heads and \(card.models.count) models do \
                not fit together; train the router again
                """)
        }
        self.init(
            classes: classes, models: models, head: SoftmaxRegression(weights: weights, bias: bias.map(Float.init)),
            encoder: encoder as? TransformerEncoder)
    }

    /// Adds what ``init(card:file:encoder:)`` reads, and the encoder.
    public func store(in file: inout SafetensorsBuilder) throws {
        try file.add("weights", matrix: head.weights)
        try file.add("bias", floats: head.bias, shape: [head.bias.count])
        try file.add("class_models", int32: models.map(Int32.init), shape: [models.count])
        file.metadata["classes"] = String(decoding: try JSONEncoder().encode(classes), as: UTF8.self)
        try encoder?.store(in: &file)
    }
}

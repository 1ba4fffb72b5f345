import TurnoutCore
import TurnoutEncoders

/// Tells which task a prompt asks for.
///
/// One linear output a task, over the text's embedding, its surface features and the words at its ends; probabilities
/// are their softmax, at a temperature that was set on prompts held out. Pure: the same text gives the same estimate,
/// bit for bit. `docs/tasks.md` has what it was trained on and how often it is right.
public struct TaskClassifier: Sendable {
    /// What the classifier is, what it was trained on and how well it did.
    public let card: ArtifactCard
    /// One head a task, in the order of `TaskKind.allCases`; the temperature is folded in.
    let model: LinearModel
    let words: WordTable

    /// Bytes up to which its word is taken; longer prompts were too few to learn from.
    static let longestText = 2_000

    /// `tasks`: the kind on the card.
    public static let kind = "tasks"

    /// Assembles a classifier from its trained parts.
    ///
    /// - Throws: ``TurnoutError`` with code `.damagedFile` unless there is a head for each task.
    init(card: ArtifactCard, model: LinearModel, words: WordTable) throws {
        guard model.bias.count == TaskKind.allCases.count else {
            throw TurnoutError(
                .damagedFile,
                """
                there are \(model.bias.count) heads for \(TaskKind.allCases.count) tasks; train the task classifier again
                """)
        }
        self.card = card
        self.model = model
        self.words = words
    }

    /// Assembles a classifier from heads and the weights of words.
    ///
    /// - Parameters:
    ///   - card: What it was trained on.
    ///   - model: One head a task.
    ///   - wordWeights: Shape `[WordBag.size, tasks]`, row-major, finite; rounded to 8 bits.
    /// - Throws: ``TurnoutError`` with code `.damagedFile` unless there is a head for each task.
    package init(card: ArtifactCard, model: LinearModel, wordWeights: [Float]) throws {
        try self.init(card: card, model: model, words: WordTable(weights: wordWeights))
    }

    /// Tells the task of a text.
    ///
    /// - Complexity: one encoding and O(bytes) for surface features.
    public func classify(_ text: String) -> TaskEstimate {
        classify(text, embedding: model.encoder.encode(text))
    }

    /// Tells the task of a text that was encoded before, as where a router has done so.
    ///
    /// - Parameters:
    ///   - text: The prompt.
    ///   - embedding: The text's vector by the encoder that the card names. One of another length is not used, and the
    ///     text is encoded anew.
    /// - Returns: A probability for each task.
    /// - Complexity: O(bytes) for surface features, and a few microseconds whatever the length.
    public func classify(_ text: String, embedding: [Float]) -> TaskEstimate {
        guard embedding.count == model.encoder.dimension else { return classify(text) }
        var outputs = model.outputs(
            embedding: embedding, surface: model.surface.expand(SurfaceFeatures.extract(from: text)))
        words.add(WordBag(text), to: &outputs)
        return TaskEstimate(outputs: outputs)
    }
}

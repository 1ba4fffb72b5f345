/// How far training has come, for a progress bar.
public struct TrainingProgress: Sendable, Equatable {
    /// What is being done.
    public enum Stage: String, Sendable {
        /// Files are being read.
        case reading
        /// Texts are being encoded.
        case encoding
        /// Penalties are being compared by cross-validation.
        case validating
        /// The final weights are being fitted.
        case fitting
        /// Figures and intervals are being computed.
        case measuring
    }

    /// What is being done.
    public var stage: Stage
    /// Steps of the stage that are done.
    public var completed: Int
    /// Steps of the stage in all; zero where that is not known.
    public var total: Int

    /// Describes a moment.
    public init(stage: Stage, completed: Int, total: Int) {
        self.stage = stage
        self.completed = completed
        self.total = total
    }

    /// Is told of progress; may be called from several threads.
    public typealias Handler = @Sendable (TrainingProgress) -> Void
}

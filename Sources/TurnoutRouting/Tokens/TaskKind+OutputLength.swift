extension TaskKind {
    /// How long answers to such tasks are.
    var outputLength: OutputLength.Task {
        switch self {
        case .classification: .label
        case .extraction, .summarisation: .short
        case .translation, .reasoning, .chat: .reply
        case .code, .creative: .long
        }
    }
}

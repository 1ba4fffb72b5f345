public import TurnoutCore

/// One prompt and how well each of some models answered it, or which of two answered it better.
public struct OutcomeRow: Sendable, Equatable {
    /// The row's own name, where the file gives one.
    public var id: String?
    /// The text that is routed; of a conversation, the last message of the user.
    public var prompt: String
    /// The score of each model, finite; the mean where several samples were scored.
    ///
    /// A model without a score is absent.
    public var scores: [ModelID: Double]
    /// Battles fought on this prompt, in the order of the file; several after rows with the same prompt were merged.
    public var battles: [Battle]
    /// The single scores of models that were sampled more than once.
    public var samples: [ModelID: [Double]]
    /// What each call cost in US dollars, where given.
    public var costs: [ModelID: Double]
    /// Input and output tokens of each call, where given.
    public var tokens: [ModelID: TokenUsage]
    /// Seconds each call took, where given.
    public var latencies: [ModelID: Double]
    /// Characters of each answer, where given: `output_chars` in the file.
    public var answerLengths: [ModelID: Double]
    /// What a verifier said of each model's answer, 0 to 1, where given: `verifier` in the file.
    public var verdicts: [ModelID: Double]
    /// The label of a labelled text.
    public var label: String?
    /// The kind of prompt, where given: `category` in the file, or the column mapped to it.
    public var category: String?
    /// The value of the field to group by, where the reader was asked for one.
    public var group: String?
    /// When it was asked, where the reader was told the field: seconds since 1970, or the number that stands there.
    public var time: Double?
    /// What the row counts for in training, greater than zero; 1 unless its file was given another weight.
    public var weight: Double
    /// The name of its file, without the folder; empty for a row that was not read from one.
    public var file: String
    /// The number of the line on which the row begins, from 1.
    public var line: Int

    /// A row of a prompt and scores or battles, other properties empty.
    public init(
        prompt: String, scores: [ModelID: Double] = [:], battles: [Battle] = [], label: String? = nil,
        file: String = "", line: Int = 0
    ) {
        self.prompt = prompt
        self.scores = scores
        self.battles = battles
        self.samples = [:]
        self.costs = [:]
        self.tokens = [:]
        self.latencies = [:]
        self.answerLengths = [:]
        self.verdicts = [:]
        self.label = label
        self.weight = 1
        self.file = file
        self.line = line
    }

    /// Where the row stands, for messages: `FILE, line N`.
    public var place: String { file.isEmpty ? "line \(line)" : "\(file), line \(line)" }
}

/// How columns of a file are called, where they differ from the usual names.
public struct ColumnNames: Sendable, Equatable {
    /// The prompt.
    ///
    /// Unless set: `prompt`, `messages`, `text`, `question`, `conversation_a`, in this order.
    public var text: String?
    /// The label; `label` unless set.
    public var label: String?
    /// The kind of prompt; `category` unless set.
    public var category: String?
    /// The row's name.
    ///
    /// Unless set: `id`, `question_id`.
    public var id: String?
    /// Columns that hold the score of a model each, beside those called `score:MODEL`; column to model.
    public var scores: [String: ModelID]

    /// Sets the names that differ.
    public init(
        text: String? = nil, label: String? = nil, category: String? = nil, id: String? = nil,
        scores: [String: ModelID] = [:]
    ) {
        self.text = text
        self.label = label
        self.category = category
        self.id = id
        self.scores = scores
    }
}

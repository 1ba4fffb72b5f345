/// Takes an answer up where another stream has broken off.
///
/// The text of the new stream is withheld while it reproduces, character for character, what the client has. Once
/// past it, the stream goes on. At the first difference the two are different answers, and nothing of the second is
/// shown. What a model thinks aloud is compared only while the client has nothing else.
package struct Splice: Sendable, Equatable {
    /// How the new stream relates to the beginning.
    package enum Way: Sendable, Equatable {
        /// It answers anew.
        case repeats
        /// It was given the beginning and is to go on after it.
        case continues
    }

    /// What an event means.
    enum Step: Equatable {
        /// The client has this.
        case withhold
        /// The client has all that came before; of this event it gets this text and this reasoning, `nil` being all.
        case goOn(content: [UInt8]?, reasoning: [UInt8]?)
        /// This is another answer.
        case diverged

        static let all = Step.goOn(content: nil, reasoning: nil)
    }

    /// What the client has.
    package let begun: Transcript
    private var way: Way
    private var matchedContent = 0
    private var matchedReasoning = 0
    /// The first text of a continuation, kept until it can be told whether it repeats anything.
    private var seam: [UInt8] = []

    /// How much of a continuation is looked at for repeats, in bytes.
    static let seamLength = 48
    /// The least number of bytes that are taken for a repeat and not for chance.
    static let leastRepeat = 12

    /// - Parameters:
    ///   - begun: What the client has.
    ///   - way: How the new stream relates to it.
    package init(_ begun: Transcript, _ way: Way) {
        self.begun = begun
        self.way = way
    }

    /// The answer's id.
    var id: String? { begun.id }

    mutating func take(_ chunk: ChatChunk, _ data: UnsafeRawBufferPointer) -> Step {
        guard chunk.isPlainText else { return isComplete && way == .repeats ? .all : .diverged }
        let text = chunk.content.map { Array(JSONCursor(data).decode($0).utf8) } ?? []
        let isFinish = chunk.finishedChoices != 0
        if way == .continues { return goOn(text, isFinish: isFinish) }
        if begun.content.isEmpty, let token = chunk.reasoning {
            let thought = Array(JSONCursor(data).decode(token).utf8)
            if let step = think(thought) { return step }
        }
        return text.isEmpty && !isFinish ? .withhold : repeated(text, isFinish: isFinish)
    }

    /// Whether all that the client has was reproduced.
    private var isComplete: Bool {
        matchedContent == begun.content.count && (!begun.content.isEmpty || matchedReasoning == begun.reasoning.count)
    }

    private mutating func repeated(_ text: [UInt8], isFinish: Bool) -> Step {
        if begun.content.isEmpty {
            return matchedReasoning == begun.reasoning.count ? .all : .diverged
        }
        let rest = begun.content[matchedContent...]
        let common = min(rest.count, text.count)
        guard rest.prefix(common).elementsEqual(text.prefix(common)) else { return .diverged }
        matchedContent += common
        if text.count > common { return .goOn(content: Array(text[common...]), reasoning: []) }
        guard isFinish else { return .withhold }
        return matchedContent == begun.content.count ? .goOn(content: [], reasoning: []) : .diverged
    }

    /// Thinking aloud, while the client has nothing but that; `nil` to go on to the event's text.
    private mutating func think(_ thought: [UInt8]) -> Step? {
        let rest = begun.reasoning[matchedReasoning...]
        let common = min(rest.count, thought.count)
        guard rest.prefix(common).elementsEqual(thought.prefix(common)) else { return .diverged }
        matchedReasoning += common
        return thought.count > common ? .goOn(content: nil, reasoning: Array(thought[common...])) : nil
    }

    private mutating func goOn(_ text: [UInt8], isFinish: Bool) -> Step {
        seam += text
        guard seam.count >= Self.seamLength || isFinish else { return .withhold }
        let head = begun.content.prefix(Self.seamLength)
        if head.count == Self.seamLength, seam.starts(with: head), begun.content.count > Self.seamLength {
            // It has not gone on but begun anew.
            way = .repeats
            let text = seam
            seam = []
            return repeated(text, isFinish: isFinish)
        }
        return .goOn(content: Array(seam.dropFirst(overlap)), reasoning: [])
    }

    /// How many bytes at the start of the continuation the client has at its end.
    private var overlap: Int {
        let longest = min(seam.count, begun.content.count)
        guard longest >= Self.leastRepeat else { return 0 }
        for length in stride(from: longest, through: Self.leastRepeat, by: -1)
        where begun.content.suffix(length).elementsEqual(seam.prefix(length)) {
            return length
        }
        return 0
    }
}

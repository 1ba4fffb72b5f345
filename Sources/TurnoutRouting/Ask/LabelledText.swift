/// A prompt whose parts begin with labels on lines of their own: examples before a query, passages before a question.
///
/// The difficulty of such a prompt is that of its query. The examples say what kind of answer is wanted, the passages
/// where it is to be found; both are long and the same from one prompt to the next.
struct LabelledText {
    /// Bytes of the passages that stay: enough to tell what they are about, too few to outweigh the question.
    private static let contextLimit = 256

    private let bytes: [UInt8]
    private var labels: [Label] = []

    private struct Label {
        let hash: UInt64
        let kind: Kind?
        /// Where its line begins.
        let line: Int
        /// Where what it labels begins.
        let content: Int
        /// Whether it labels nothing.
        var isEmpty = false
    }

    private enum Kind {
        case question, input, answer, context, speaker
    }

    /// Names as they are compared: ASCII letters in lower case, nothing but letters.
    private static let names: [(Kind, [String])] = [
        (.question, ["q", "question", "query", "userquestion", "userquery", "problem", "câuhỏi", "frage"]),
        (.input, ["input", "text", "sentence", "review", "source", "example", "tweet", "premise"]),
        (
            .answer,
            ["a", "answer", "output", "response", "label", "solution", "translation", "sentiment", "trảlời", "antwort"]
        ),
        (
            .context,
            [
                "context", "contexts", "document", "documents", "passage", "passages", "sources", "searchresults",
                "retrieveddocuments", "retrievedcontext", "knowledge", "background", "reference", "references",
                "ngữcảnh", "contexte", "kontext",
            ]
        ),
        (.speaker, ["user", "human", "assistant", "ai", "bot", "system"]),
    ]

    private static let kinds: [UInt64: Kind] = {
        var kinds: [UInt64: Kind] = [:]
        for (kind, list) in names {
            for name in list { kinds[name.utf8.reduce(AgentMarkup.hashStart, AgentMarkup.hash)] = kind }
        }
        return kinds
    }()

    init(_ text: String) {
        bytes = Array(text.utf8)
        var line = 0
        while line < bytes.count {
            if let label = label(at: line) { labels.append(label) }
            line = (bytes[line...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count - 1) + 1
        }
        for index in labels.indices {
            let end = index + 1 < labels.count ? labels[index + 1].line : bytes.count
            labels[index].isEmpty = bytes[labels[index].content..<end].isBlank
        }
    }

    /// The query with what surrounds it in short; `nil` for a text of any other form.
    var request: String? { examples ?? retrieval }

    /// The query behind examples: after its instruction, with the number of examples.
    private var examples: String? {
        guard labels.count >= 3, let (query, end, count) = cuedQuery ?? lastQuestion else { return nil }
        let opener = labels[query].hash
        let instruction = text(0..<(labels.first { $0.hash == opener }?.line ?? 0))
        // A name of no table, such as that of a language, says something about the query.
        let start = labels[query].kind == nil ? labels[query].line : labels[query].content
        return Self.lines(instruction, text(start..<end), "[examples: \(count)]")
    }

    /// A query behind which the label of the answer stands open, as it stands filled before.
    private var cuedQuery: (query: Int, end: Int, count: Int)? {
        guard let cue = labels.last, cue.isEmpty else { return nil }
        let before = labels.dropLast()
        guard let previous = before.lastIndex(where: { $0.hash == cue.hash && !$0.isEmpty }) else { return nil }
        let openers = Set(before[..<previous].map(\.hash))
        let query = before[(previous + 1)...].firstIndex { openers.contains($0.hash) && $0.hash != cue.hash }
        guard let query, labels[query].kind != .speaker else { return nil }
        return (query, cue.line, before.count { $0.hash == cue.hash && !$0.isEmpty })
    }

    /// A last question without an answer, where the questions before it have one.
    private var lastQuestion: (query: Int, end: Int, count: Int)? {
        guard let last = labels.last, last.kind == .question || last.kind == .input, !last.isEmpty,
            labels[labels.count - 2].kind == .answer
        else { return nil }
        let count = labels.count { $0.hash == last.hash } - 1
        return count > 0 ? (labels.count - 1, bytes.count, count) : nil
    }

    /// A question about passages: the question first, the passages sampled.
    private var retrieval: String? {
        guard let context = labels.firstIndex(where: { $0.kind == .context && !$0.isEmpty }),
            let question = labels.lastIndex(where: { $0.kind == .question && !$0.isEmpty })
        else { return nil }
        var end = bytes.count
        if let cue = labels.last, cue.isEmpty { end = cue.line }
        let isFirst = question < context
        let asked = text(labels[question].content..<(isFirst ? labels[question + 1].line : end))
        let passages = labels[context].content..<(isFirst ? end : labels[question].line)
        let instruction = text(0..<labels[isFirst ? question : context].line)
        return Self.lines(
            asked, instruction, "[context] " + TextSample.headAndTail(text(passages), limit: Self.contextLimit))
    }

    private static func lines(_ parts: String...) -> String {
        parts.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    /// A part without white space at its ends.
    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range].trimmed, as: UTF8.self) }

    /// The label that a line begins with: `Name:`, `**Name:**`, `Name 2:` or `### Name`.
    private func label(at line: Int) -> Label? {
        var at = line
        var isHeading = false
        func byte(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : UInt8(ascii: "\n") }
        while at < line + 8,
            byte(at) == UInt8(ascii: " ") || byte(at) == UInt8(ascii: "#") || byte(at) == UInt8(ascii: "*")
        {
            isHeading = isHeading || byte(at) == UInt8(ascii: "#")
            at += 1
        }
        let start = at
        var hash = AgentMarkup.hashStart
        while at - start <= 32, let part = Self.namePart(byte(at)) {
            if part { hash = AgentMarkup.hash(hash, byte(at)) }
            at += 1
        }
        guard at > start, hash != AgentMarkup.hashStart else { return nil }
        while at < start + 40, byte(at) == UInt8(ascii: "*") { at += 1 }
        if byte(at) == UInt8(ascii: ":") {
            at += 1
            while at < start + 40, byte(at) == UInt8(ascii: "*") { at += 1 }
            // Not the scheme of an address.
            guard byte(at) <= 0x20 else { return nil }
        } else if !isHeading || byte(at) > 0x0D {
            return nil
        }
        return Label(hash: hash, kind: Self.kinds[hash], line: line, content: min(at, bytes.count))
    }

    /// Whether a byte of a label counts in its name; `nil` for one that no label holds.
    private static func namePart(_ byte: UInt8) -> Bool? {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), 0x80...: true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "_"): false
        default: nil
        }
    }
}

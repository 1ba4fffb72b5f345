import CTurnoutDefaults

/// The steps by which a tokenizer.json says that text is to be cut into words, one after the other.
struct PreTokenizer: Sendable {
    /// What becomes of the places at which text is split.
    enum Behavior: String, Sendable {
        case removed = "Removed"
        case isolated = "Isolated"
        case mergedWithPrevious = "MergedWithPrevious"
        case mergedWithNext = "MergedWithNext"
        case contiguous = "Contiguous"
    }

    /// Whether `▁` is put before a text that does not begin with it.
    enum PrependScheme: String, Sendable {
        case first, never, always
    }

    /// One step.
    enum Step: Sendable {
        case bert
        /// `translates`: whether bytes become the characters that stand for them. Where the model reads bytes, they need not.
        case byteLevel(addsSpace: Bool, splits: Bool, translates: Bool)
        case metaspace(replacement: [UInt8], scheme: PrependScheme, splits: Bool)
        /// `\w+|[^\w\s]+`
        case words
        case whitespace
        case punctuation(Behavior)
        case digits(Behavior)
        case pattern(TextPattern, Behavior, isInverted: Bool)
    }

    let steps: [Step]

    /// A word within a text.
    typealias Word = Range<Int>

    /// A text between two steps.
    struct Work: ~Copyable {
        var words: [Word] = []
        fileprivate var earlier: [Word] = []
        /// Where the words are, once a step has changed the text.
        var text = ByteBuffer()
        fileprivate var spare = ByteBuffer()
        fileprivate(set) var isRewritten = false
    }

    /// Cuts a text into `work.words`, which lie in `work.text` if `work.isRewritten`, else in the text itself.
    ///
    /// - Complexity: O(bytes · steps)
    func apply(_ input: UnsafeBufferPointer<UInt8>, isAtOrigin: Bool, _ work: inout Work) {
        work.isRewritten = false
        work.words.removeAll(keepingCapacity: true)
        guard let base = input.baseAddress, !input.isEmpty else { return }
        work.words.append(0..<input.count)
        for step in steps {
            swap(&work.words, &work.earlier)
            work.words.removeAll(keepingCapacity: true)
            if let rewriting = Rewriting(step) {
                work.spare.removeAll()
                rewriting.apply(
                    work.isRewritten ? UnsafePointer(work.text.start) : base, work.earlier, isAtOrigin: isAtOrigin,
                    to: &work.spare, &work.words)
                swap(&work.text, &work.spare)
                work.isRewritten = true
                swap(&work.words, &work.earlier)
                work.words.removeAll(keepingCapacity: true)
            }
            step.split(work.isRewritten ? UnsafePointer(work.text.start) : base, work.earlier, &work.words)
            if case .byteLevel(_, _, translates: true) = step {
                work.spare.removeAll()
                Self.translate(work.isRewritten ? UnsafePointer(work.text.start) : base, &work.words, to: &work.spare)
                swap(&work.text, &work.spare)
                work.isRewritten = true
            }
        }
    }

    /// Writes words with a character for each of their bytes.
    private static func translate(_ text: UnsafePointer<UInt8>, _ words: inout [Word], to output: inout ByteBuffer) {
        for index in words.indices {
            let start = output.count
            for at in words[index] { output.append(scalar: ByteLevelAlphabet.scalars[Int(text[at])]) }
            words[index] = start..<output.count
        }
    }
}

/// What a step does to the text before it splits it.
private enum Rewriting {
    case space
    case metaspace([UInt8], PreTokenizer.PrependScheme)

    init?(_ step: PreTokenizer.Step) {
        switch step {
        case .byteLevel(addsSpace: true, _, _): self = .space
        case .metaspace(let replacement, let scheme, _): self = .metaspace(replacement, scheme)
        default: return nil
        }
    }

    func apply(
        _ text: UnsafePointer<UInt8>, _ words: [PreTokenizer.Word], isAtOrigin: Bool, to output: inout ByteBuffer,
        _ moved: inout [PreTokenizer.Word]
    ) {
        for word in words {
            let start = output.count
            switch self {
            case .space:
                if text[word.lowerBound] != 0x20 { output.append(0x20) }
                output.append(text + word.lowerBound, word.count)
            case .metaspace(let replacement, let scheme):
                let isFirst = word.lowerBound == 0 && isAtOrigin
                let prepends = scheme == .always || (scheme == .first && isFirst)
                if prepends, text[word.lowerBound] != 0x20, !Self.begins(text, word, with: replacement) {
                    output.append(replacement)
                }
                Self.copy(text, word, replacement, to: &output)
            }
            moved.append(start..<output.count)
        }
    }

    private static func begins(_ text: UnsafePointer<UInt8>, _ word: PreTokenizer.Word, with other: [UInt8]) -> Bool {
        word.count >= other.count && other.indices.allSatisfy { text[word.lowerBound + $0] == other[$0] }
    }

    private static func copy(
        _ text: UnsafePointer<UInt8>, _ word: PreTokenizer.Word, _ replacement: [UInt8], to output: inout ByteBuffer
    ) {
        var start = word.lowerBound
        for at in word where text[at] == 0x20 {
            output.append(text + start, at &- start)
            output.append(replacement)
            start = at &+ 1
        }
        output.append(text + start, word.upperBound &- start)
    }
}

extension PreTokenizer.Step {
    /// Cuts words into smaller ones.
    func split(_ text: UnsafePointer<UInt8>, _ words: [PreTokenizer.Word], _ result: inout [PreTokenizer.Word]) {
        switch self {
        case .bert: for word in words { Self.splitBERT(text, word, &result) }
        case .byteLevel(_, let splits, _):
            guard splits else { return result = words }
            for word in words { Self.splitWords(text, word, .gpt2, &result) }
        case .metaspace(let replacement, _, let splits):
            guard splits else { return result = words }
            for word in words { Self.splitMetaspace(text, word, replacement, &result) }
        case .words: for word in words { Self.splitKinds(text, word, &result) }
        case .whitespace: splitScalars(text, words, UInt32(TURNOUT_TEXT_WHITE), .removed, &result)
        case .punctuation(let behavior): splitScalars(text, words, UInt32(TURNOUT_TEXT_PUNCTUATION), behavior, &result)
        case .digits(let behavior): splitScalars(text, words, UInt32(TURNOUT_TEXT_NUMERIC), behavior, &result)
        case .pattern(.words(let pattern), .isolated, isInverted: false):
            for word in words { Self.splitWords(text, word, pattern, &result) }
        case .pattern(let pattern, let behavior, let isInverted):
            for word in words {
                var collector = SplitCollector(behavior: behavior, isInverted: isInverted)
                var at = word.lowerBound
                while let match = pattern.match(text, word.upperBound, from: at) {
                    collector.add(at..<match.lowerBound, isMatch: false, &result)
                    collector.add(match, isMatch: true, &result)
                    at = match.upperBound
                }
                collector.add(at..<word.upperBound, isMatch: false, &result)
                collector.end(&result)
            }
        }
    }

    @inline(__always)
    private static func splitWords(
        _ text: UnsafePointer<UInt8>, _ word: PreTokenizer.Word, _ pattern: WordPattern,
        _ result: inout [PreTokenizer.Word]
    ) {
        var at = word.lowerBound
        while at < word.upperBound {
            let end = pattern.end(text, word.upperBound, from: at)
            result.append(at..<end)
            at = end
        }
    }

    /// Words begin at each `▁`.
    private static func splitMetaspace(
        _ text: UnsafePointer<UInt8>, _ word: PreTokenizer.Word, _ replacement: [UInt8],
        _ result: inout [PreTokenizer.Word]
    ) {
        guard let first = replacement.first else { return result.append(word) }
        let width = replacement.count
        var start = word.lowerBound
        var at = word.lowerBound
        while at < word.upperBound {
            if text[at] == first, at &+ width <= word.upperBound,
                replacement.withUnsafeBufferPointer({ mark in (1..<width).allSatisfy { text[at &+ $0] == mark[$0] } })
            {
                if at > start { result.append(start..<at) }
                start = at
                at &+= width
            } else {
                at &+= 1
            }
        }
        if start < word.upperBound { result.append(start..<word.upperBound) }
    }

    /// White space is removed, each punctuation mark is a word.
    private static func splitBERT(
        _ text: UnsafePointer<UInt8>, _ word: PreTokenizer.Word, _ result: inout [PreTokenizer.Word]
    ) {
        let either = UInt32(TURNOUT_TEXT_WHITE | TURNOUT_TEXT_PUNCTUATION)
        var start = word.lowerBound
        var at = word.lowerBound
        while at < word.upperBound {
            let (scalar, width) = UTF8Decoding.wellFormed(text + at)
            let flags = turnout_text_flags_of(scalar) & either
            if flags != 0 {
                if at > start { result.append(start..<at) }
                if flags & UInt32(TURNOUT_TEXT_WHITE) == 0 { result.append(at..<at &+ width) }
                start = at &+ width
            }
            at &+= width
        }
        if at > start { result.append(start..<at) }
    }

    /// Stretches of letters and stretches of signs; what is neither is removed.
    private static func splitKinds(
        _ text: UnsafePointer<UInt8>, _ word: PreTokenizer.Word, _ result: inout [PreTokenizer.Word]
    ) {
        var start = word.lowerBound
        var at = word.lowerBound
        var last: UInt32 = 0
        while at < word.upperBound {
            let (scalar, width) = UTF8Decoding.wellFormed(text + at)
            let kind = turnout_text_flags_of(scalar) & UInt32(TURNOUT_TEXT_WHITE | TURNOUT_TEXT_WORD)
            if kind != last {
                if at > start, last & UInt32(TURNOUT_TEXT_WHITE) == 0 { result.append(start..<at) }
                start = at
                last = kind
            }
            at &+= width
        }
        if at > start, last & UInt32(TURNOUT_TEXT_WHITE) == 0 { result.append(start..<at) }
    }

    /// Splits at each scalar that has a flag.
    private func splitScalars(
        _ text: UnsafePointer<UInt8>, _ words: [PreTokenizer.Word], _ flag: UInt32, _ behavior: PreTokenizer.Behavior,
        _ result: inout [PreTokenizer.Word]
    ) {
        for word in words {
            var collector = SplitCollector(behavior: behavior, isInverted: false)
            var start = word.lowerBound
            var at = word.lowerBound
            while at < word.upperBound {
                let (scalar, width) = UTF8Decoding.wellFormed(text + at)
                if turnout_text_flags_of(scalar) & flag != 0 {
                    collector.add(start..<at, isMatch: false, &result)
                    collector.add(at..<at &+ width, isMatch: true, &result)
                    start = at &+ width
                }
                at &+= width
            }
            collector.add(start..<word.upperBound, isMatch: false, &result)
            collector.end(&result)
        }
    }
}

/// Receives the parts of a word in order, matches and what lies between, and puts them together as a behaviour says.
private struct SplitCollector {
    let behavior: PreTokenizer.Behavior
    let isInverted: Bool
    private var wasMatch = false
    private var isEmpty = true
    /// A match that waits for what comes next, where matches are merged with it.
    private var pending: PreTokenizer.Word?

    init(behavior: PreTokenizer.Behavior, isInverted: Bool) {
        self.behavior = behavior
        self.isInverted = isInverted
    }

    @inline(__always)
    mutating func add(_ part: PreTokenizer.Word, isMatch: Bool, _ result: inout [PreTokenizer.Word]) {
        guard !part.isEmpty else { return }
        let isMatch = isMatch != isInverted
        switch behavior {
        case .isolated: result.append(part)
        case .removed: if !isMatch { result.append(part) }
        case .contiguous: join(part, if: isMatch == wasMatch, &result)
        case .mergedWithPrevious: join(part, if: isMatch && !wasMatch, &result)
        case .mergedWithNext:
            if let waiting = pending {
                result.append(isMatch ? waiting : waiting.lowerBound..<part.upperBound)
                pending = isMatch ? part : nil
            } else if isMatch {
                pending = part
            } else {
                result.append(part)
            }
        }
        wasMatch = isMatch
        isEmpty = false
    }

    private func join(_ part: PreTokenizer.Word, if joins: Bool, _ result: inout [PreTokenizer.Word]) {
        if joins, !isEmpty, let last = result.popLast() {
            result.append(last.lowerBound..<part.upperBound)
        } else {
            result.append(part)
        }
    }

    func end(_ result: inout [PreTokenizer.Word]) {
        if let waiting = pending { result.append(waiting) }
    }
}

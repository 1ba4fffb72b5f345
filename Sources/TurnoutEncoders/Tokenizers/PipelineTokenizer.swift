import TurnoutCore

/// A tokenizer put together from the parts that a tokenizer.json names.
///
/// Made by ``TokenizerFile``. The parts are added tokens, a normaliser, a pre-tokeniser, a model and special tokens around the whole. Gives the ids that the `tokenizers` library gives for the same file. All work is on UTF-8 bytes; memory is taken per
/// text, not per token. Time is in proportion to the text, whatever it says (n·log n for very long words in byte-pair
/// encoding).
package struct PipelineTokenizer: Tokenizer {
    /// What makes ids of words.
    enum Model: Sendable {
        case bytePair(BytePairModel)
        case unigram(UnigramModel)
        case wordPiece(WordPieceModel)
        /// BERT's uncased configuration, which needs none of the other parts.
        case bert(WordPieceTokenizer)
    }

    /// The parts, as they were read.
    struct Parts: Sendable {
        var model: Model
        var normalizer = TextNormalizer(steps: [])
        var preTokenizer = PreTokenizer(steps: [])
        var postProcessor = PostProcessor()
        /// Looked for in the text as it is.
        var writtenTokens: AddedTokens?
        /// Looked for in the normalised text.
        var normalizedTokens: AddedTokens?
        var truncation = Truncation()
        /// All ids by token, those of added tokens included.
        var identifiers: TokenIdentifiers
    }

    /// How the file says that long texts are to be cut.
    package struct Truncation: Sendable, Equatable {
        /// The most ids of a text, special tokens included; `nil` where the file sets no limit.
        package var maximumLength: Int?
        /// Whether it is the beginning that is lost.
        package var cutsBeginning = false
    }

    private let parts: Parts

    init(_ parts: Parts) { self.parts = parts }

    /// The number of ids; every id is below it.
    package var vocabularyCount: Int { parts.identifiers.vocabularyCount }

    /// What the file says of long texts.
    ///
    /// ``encode(_:maximumLength:)`` honours the side, not the length.
    package var truncation: Truncation { parts.truncation }

    /// The model where it is that of uncased BERT, and `nil` for every other one.
    var wordPiece: WordPieceTokenizer? {
        if case .bert(let model) = parts.model { model } else { nil }
    }

    /// The ids that open every text.
    package var opening: [Int32] { parts.postProcessor.before }

    /// The ids that close every text.
    package var closing: [Int32] { parts.postProcessor.after }

    /// The id of a token by its text, such as `<pad>`; `nil` when there is none.
    package func id(of token: String) -> Int32? { parts.identifiers.id(of: token) }

    /// The ids of a text, opened and closed by the special tokens of the model.
    ///
    /// - Parameters:
    ///   - text: Any text.
    ///   - maximumLength: The most ids to return, special tokens included.
    /// - Returns: The ids, each below ``vocabularyCount``.
    /// - Complexity: O(bytes); O(n·log n) for words of n letters in byte-pair encoding.
    package func encode(_ text: String, maximumLength: Int) -> [Int32] {
        var ids = parts.postProcessor.before
        let room = max(maximumLength - parts.postProcessor.count, 0)
        append(text, limit: room, to: &ids)
        ids.append(contentsOf: parts.postProcessor.after)
        if ids.count > maximumLength { ids.removeLast(ids.count - max(maximumLength, 0)) }
        return ids
    }

    /// The ids of a text, without limit.
    ///
    /// - Parameters:
    ///   - text: Any text.
    ///   - addingSpecialTokens: Whether the special tokens of the model open and close them.
    /// - Returns: The ids, each below ``vocabularyCount``.
    package func encode(_ text: String, addingSpecialTokens: Bool = true) -> [Int32] {
        var ids = addingSpecialTokens ? parts.postProcessor.before : []
        append(text, limit: Int.max, to: &ids)
        if addingSpecialTokens { ids.append(contentsOf: parts.postProcessor.after) }
        return ids
    }

    /// Appends at most `limit` ids of a text.
    private func append(_ text: String, limit: Int, to ids: inout [Int32]) {
        let first = ids.count
        let stop = parts.truncation.cutsBeginning || limit > Int.max - first ? Int.max : first + limit
        var text = text
        text.withUTF8 { bytes in
            if case .bert(let model) = parts.model {
                model.forEachToken(inUTF8: bytes) { ids.append($0) }
            } else {
                var run = Run(stop: stop)
                run.append(bytes, parts, &ids)
            }
        }
        let excess = ids.count - first - limit
        guard excess > 0 else { return }
        if parts.truncation.cutsBeginning {
            ids.removeSubrange(first..<first + excess)
        } else {
            ids.removeLast(excess)
        }
    }
}

/// The work on one text, with the memory for it.
private struct Run: ~Copyable {
    /// How many ids are enough.
    let stop: Int
    private var normalization = TextNormalizer.Work()
    private var words = PreTokenizer.Work()
    private var pairs = BytePairScratch()
    private var arrivals: [UnigramModel.Arrival] = []

    init(stop: Int) { self.stop = stop }

    /// Finds added tokens in the text as it is; what lies between is normalised.
    mutating func append(_ text: UnsafeBufferPointer<UInt8>, _ parts: PipelineTokenizer.Parts, _ ids: inout [Int32]) {
        guard let tokens = parts.writtenTokens else { return appendSection(text, isFirst: true, parts, &ids) }
        tokens.split(text) { id, range in
            if id >= 0 {
                ids.append(id)
            } else {
                appendSection(
                    UnsafeBufferPointer(rebasing: text[range]), isFirst: range.lowerBound == 0, parts, &ids)
            }
        }
    }

    /// Normalises a stretch of text and finds added tokens in the result; what lies between is cut into words.
    private mutating func appendSection(
        _ text: UnsafeBufferPointer<UInt8>, isFirst: Bool, _ parts: PipelineTokenizer.Parts, _ ids: inout [Int32]
    ) {
        guard ids.count < stop else { return }
        normalization.isAtOrigin = isFirst
        var normalized = text
        if !parts.normalizer.steps.isEmpty {
            parts.normalizer.apply(text, &normalization)
            normalized = normalization.text.text
        }
        guard let tokens = parts.normalizedTokens else {
            return appendWords(normalized, isAtOrigin: normalization.isAtOrigin, parts, &ids)
        }
        tokens.split(normalized) { id, range in
            if id >= 0 {
                ids.append(id)
            } else {
                appendWords(
                    UnsafeBufferPointer(rebasing: normalized[range]),
                    isAtOrigin: normalization.isAtOrigin && range.lowerBound == 0, parts, &ids)
            }
        }
    }

    /// Cuts a stretch of normalised text into words and appends their ids.
    private mutating func appendWords(
        _ text: UnsafeBufferPointer<UInt8>, isAtOrigin: Bool, _ parts: PipelineTokenizer.Parts, _ ids: inout [Int32]
    ) {
        guard ids.count < stop else { return }
        parts.preTokenizer.apply(text, isAtOrigin: isAtOrigin, &words)
        guard let base = words.isRewritten ? UnsafePointer(words.text.start) : text.baseAddress else { return }
        switch parts.model {
        case .bytePair(let model):
            for word in words.words where ids.count < stop {
                model.encode(base + word.lowerBound, word.count, into: &ids, scratch: &pairs)
            }
        case .unigram(let model):
            for word in words.words where ids.count < stop {
                model.encode(base + word.lowerBound, word.count, into: &ids, arrivals: &arrivals)
            }
        case .wordPiece(let model):
            for word in words.words where ids.count < stop {
                model.encode(base + word.lowerBound, word.count, into: &ids)
            }
        case .bert: break
        }
    }
}

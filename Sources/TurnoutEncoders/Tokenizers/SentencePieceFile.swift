import TurnoutCore

/// What SentencePiece writes of a trained unigram model: pieces, scores, and how text is made uniform.
///
/// Field numbers are those of `sentencepiece_model.proto` in SentencePiece's sources. Settings of training are passed
/// over; settings by which texts would be cut otherwise than here are refused.
struct SentencePieceFile: ~Copyable {
    /// What a piece is for.
    enum Kind: UInt64 {
        case normal = 1
        case unknown, control, userDefined, unused, byte
    }

    /// The pieces, numbered by their places.
    private(set) var pieces = ByteStringList()
    /// Their scores, logarithms of probabilities.
    private(set) var scores: [Double] = []
    private(set) var kinds: [Kind] = []
    /// What texts are mapped by; `nil` for nothing.
    private(set) var characterMap: CharacterMap?
    /// Whether `▁` is put before a text.
    private(set) var addsDummyPrefix = true
    private(set) var fallsBackToBytes = false
    /// The piece that stands for what is no piece.
    private(set) var unknownID: Int32 = -1

    private let file: String

    /// Reads a whole file.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - file: What messages call it.
    /// - Throws: `TurnoutError` with code `.damagedFile` or `.unsupported`.
    init(_ bytes: [UInt8], file: String) throws {
        self.file = file
        do {
            try read(ProtobufMessage(bytes[...]))
        } catch let malformed as ProtobufMessage.Malformed {
            throw damaged("ends within a field, or has one of no known kind, at byte \(malformed.offset)")
        }
        guard !scores.isEmpty else { throw damaged("has no pieces") }
        guard unknownID >= 0 else { throw damaged("has no piece for what is unknown") }
        try TokenizerFileReader.limitPieces(pieces, file: file)
    }

    private func damaged(_ what: String) -> TurnoutError {
        TurnoutError(.damagedFile, "'\(file)' is not a SentencePiece model: it \(what); fetch the file again")
    }

    private func unsupported(_ what: String) -> TurnoutError {
        TurnoutError(
            .unsupported,
            """
            '\(file)' \(what), which this version does not read; save the tokenizer as tokenizer.json with transformers
            """)
    }

    private mutating func read(_ message: ProtobufMessage) throws {
        var message = message
        while let (field, value) = try message.next() {
            guard (1...3).contains(field) else { continue }
            guard case .bytes(let bytes) = value else { throw damaged("has a number for field \(field)") }
            switch field {
            case 1: try readPiece(ProtobufMessage(bytes))
            case 2: try readTraining(ProtobufMessage(bytes))
            default: try readNormalizer(ProtobufMessage(bytes))
            }
        }
    }

    private mutating func readPiece(_ message: ProtobufMessage) throws {
        var message = message
        var text: ArraySlice<UInt8> = [], score: Float = 0, kind = Kind.normal
        while let (field, value) = try message.next() {
            switch (field, value) {
            case (1, .bytes(let bytes)): text = bytes
            case (2, .word(let bits)): score = Float(bitPattern: bits)
            case (3, .number(let number)):
                guard let known = Kind(rawValue: number) else { throw damaged("has a piece of kind \(number)") }
                kind = known
            case (1...3, _): throw damaged("has a piece whose field \(field) is of another type")
            default: break
            }
        }
        guard scores.count < TokenizerFileReader.largestID else {
            throw damaged("has more than \(TokenizerFileReader.largestID) pieces")
        }
        guard !text.isEmpty, text.withUnsafeBufferPointer(UTF8Decoding.malformation) == nil, score.isFinite else {
            throw damaged("has a piece, number \(scores.count), without text in UTF-8 or without a finite score")
        }
        if kind == .unknown { unknownID = Int32(scores.count) }
        pieces.append(Array(text), value: Int32(scores.count))
        scores.append(Double(score))
        kinds.append(kind)
    }

    private mutating func readTraining(_ message: ProtobufMessage) throws {
        var message = message
        while let (field, value) = try message.next() {
            switch (field, value) {
            case (3, .number(let type)):
                guard type == 1 else { throw unsupported("is no unigram model (its model_type is \(type), not 1)") }
            case (24, .number(let flag)):
                guard flag == 0 else { throw unsupported("has white space at the ends of pieces") }
            case (35, .number(let flag)): fallsBackToBytes = flag != 0
            default: break
            }
        }
    }

    private mutating func readNormalizer(_ message: ProtobufMessage) throws {
        var message = message
        while let (field, value) = try message.next() {
            switch (field, value) {
            case (2, .bytes(let bytes)):
                guard !bytes.isEmpty else { continue }
                guard let map = CharacterMap(Array(bytes)) else { throw damaged("has a character map that is none") }
                characterMap = map
            case (3, .number(let flag)): addsDummyPrefix = flag != 0
            case (4, .number(let flag)):
                guard flag != 0 else { throw unsupported("keeps extra white space (remove_extra_whitespaces)") }
            case (5, .number(let flag)):
                guard flag != 0 else { throw unsupported("keeps blanks as they are (escape_whitespaces)") }
            default: break
            }
        }
    }
}

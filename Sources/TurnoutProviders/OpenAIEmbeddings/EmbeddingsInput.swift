import NIOCore

/// What an embeddings request asks for: texts, and how their vectors are to be written.
package struct EmbeddingsInput: Equatable, Sendable {
    /// How vectors are written.
    package enum Format: String, Sendable, CaseIterable {
        /// As arrays of JSON numbers.
        case float
        /// As the base64 of 32-bit floats, least significant byte first.
        case base64
    }

    /// From 1 to ``countLimit`` texts, none of them empty.
    package let texts: [String]
    /// How vectors are written.
    ///
    /// Default: ``Format/float``.
    package let format: Format
    /// The length that vectors are to have; `nil` for that of the model.
    package let dimensions: Int?

    /// How many texts a request may hold; OpenAI's limit.
    package static let countLimit = 2048
}

extension EmbeddingsRequest {
    /// Reads what is asked for.
    ///
    /// Token ids are refused. They are those of some other tokenizer, OpenAI's as a rule, and would stand for other
    /// words here.
    ///
    /// - Throws: ``RequestError`` that names the field, and never quotes a text.
    /// - Complexity: O(bytes)
    package func input() throws(RequestError) -> EmbeddingsInput {
        guard let range = fields.input else {
            throw RequestError("'input' is missing; give a text or a list of texts", field: "input")
        }
        let texts = try body.withUnsafeReadableBytes { bytes in
            Result { () throws(RequestError) in try Self.texts(bytes, at: range) }
        }.get()
        return EmbeddingsInput(texts: texts, format: try format(), dimensions: try dimensions())
    }

    private func format() throws(RequestError) -> EmbeddingsInput.Format {
        guard let text = text(of: fields.format), text != "null" else { return .float }
        guard let format = EmbeddingsInput.Format.allCases.first(where: { "\"\($0.rawValue)\"" == text }) else {
            throw RequestError("'encoding_format' must be \"float\" or \"base64\"", field: "encoding_format")
        }
        return format
    }

    private func dimensions() throws(RequestError) -> Int? {
        guard let text = text(of: fields.dimensions), text != "null" else { return nil }
        guard let number = Int(text), number > 0 else {
            throw RequestError("'dimensions' must be a whole number from 1", field: "dimensions")
        }
        return number
    }

    /// A short value as it stands in the body.
    private func text(of range: Range<Int>?) -> String? {
        range.map { range in
            body.withUnsafeReadableBytes { String(decoding: $0[range].prefix(100), as: UTF8.self) }
        }
    }

    private static func texts(
        _ bytes: UnsafeRawBufferPointer, at range: Range<Int>
    ) throws(RequestError) -> [String] {
        var cursor = JSONCursor(bytes, at: range.lowerBound)
        var list = TextList()
        do {
            try list.read(&cursor)
        } catch {
            // The scanner has walked over these bytes, so that reading them again does not fail.
            throw RequestError(error.description)
        }
        return try list.checked()
    }
}

/// The texts of an `input`, and the first thing that is wrong with it.
private struct TextList {
    private var texts: [String] = []
    private var isList = false
    private var count = 0
    private var problem: String?

    mutating func read(_ cursor: inout JSONCursor) throws(JSONSyntaxError) {
        guard cursor.peek() == UInt8(ascii: "[") else { return try readText(&cursor) }
        isList = true
        try cursor.readArray { (cursor) throws(JSONSyntaxError) in try readText(&cursor) }
    }

    private mutating func readText(_ cursor: inout JSONCursor) throws(JSONSyntaxError) {
        count += 1
        switch cursor.peek() ?? 0 {
        case UInt8(ascii: "\"") where count <= EmbeddingsInput.countLimit:
            texts.append(cursor.decode(try cursor.readString()))
            if texts.last?.isEmpty == true { note("is an empty text, which has no vector; leave it out") }
            return
        case UInt8(ascii: "\""): break
        case UInt8(ascii: "["), UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            note(
                """
                is made of token ids; those of another tokenizer mean other words here, so send texts \
                (in LangChain: check_embedding_ctx_length=False)
                """)
        default: note(isList ? "must be a text" : "must be a text or a list of texts")
        }
        try cursor.skipValue()
    }

    /// Keeps the first problem, of the element that is being read.
    private mutating func note(_ what: String) {
        guard problem == nil else { return }
        problem = "\(isList ? "'input[\(count - 1)]'" : "'input'") \(what)"
    }

    func checked() throws(RequestError) -> [String] {
        let tooMany = "'input' holds \(count) texts; send at most \(EmbeddingsInput.countLimit) at once"
        if let problem = problem ?? (count > EmbeddingsInput.countLimit ? tooMany : nil) {
            throw RequestError(problem, field: "input")
        }
        if texts.isEmpty { throw RequestError("'input' is an empty list; give at least one text", field: "input") }
        return texts
    }
}

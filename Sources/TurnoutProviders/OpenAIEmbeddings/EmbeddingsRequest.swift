package import NIOCore

/// An embeddings request that was scanned once and is otherwise kept as it came.
///
/// What is asked for is read only where vectors are computed here: see ``input()``. For a provider the model's name is
/// replaced, and every other byte travels as it is.
package struct EmbeddingsRequest: ModelRequest {
    package static let endpoint = "embeddings"

    /// Where the fields that this gateway knows stand in the body.
    struct Fields: Sendable {
        var model: Range<Int>?
        var input: Range<Int>?
        var format: Range<Int>?
        var dimensions: Range<Int>?
    }

    /// The body as the client sent it.
    package let body: ByteBuffer
    /// The model asked for; `nil` when none was named.
    package let model: String?
    let fields: Fields
    /// Never: embeddings come whole.
    package var streams: Bool { false }

    /// Scans a body.
    ///
    /// - Throws: ``RequestError`` for text that is not JSON, is no object, repeats a field, or whose model is not a
    ///   string.
    /// - Complexity: one pass over the bytes; no field is decoded but the model's name.
    package init(scanning body: ByteBuffer) throws(RequestError) {
        let (fields, model) = try body.withUnsafeReadableBytes { bytes in
            Result { () throws(RequestError) in try Self.scan(bytes) }
        }.get()
        (self.body, self.fields, self.model) = (body, fields, model)
    }

    /// The body with another model's name in place of the one asked for, every other byte untouched.
    package func body(naming name: String) -> ByteBuffer {
        guard let range = fields.model, name != model else { return body }
        return body.replacing(range, with: JSONText.quoted(name))
    }

    private static func scan(_ bytes: UnsafeRawBufferPointer) throws(RequestError) -> (Fields, String?) {
        var cursor = JSONCursor(bytes)
        var fields = Fields()
        var name: String?
        var problem: RequestError?
        func note(_ field: WritableKeyPath<Fields, Range<Int>?>, _ range: Range<Int>, _ name: String) {
            if fields[keyPath: field] != nil {
                problem = problem ?? RequestError("'\(name)' stands twice in the request; keep one", field: name)
            }
            fields[keyPath: field] = range
        }
        do {
            try cursor.readObject { (cursor, key) throws(JSONSyntaxError) in
                let first = cursor.peek()
                let start = cursor.offset
                let range = try cursor.skipValue()
                if cursor.matches(key, "model") {
                    note(\.model, range, "model")
                    guard first == UInt8(ascii: "\"") else {
                        problem = problem ?? RequestError("'model' must be a string", field: "model")
                        return
                    }
                    var value = JSONCursor(bytes, at: start)
                    name = value.decode(try value.readString())
                } else if cursor.matches(key, "input") {
                    note(\.input, range, "input")
                } else if cursor.matches(key, "encoding_format") {
                    note(\.format, range, "encoding_format")
                } else if cursor.matches(key, "dimensions") {
                    note(\.dimensions, range, "dimensions")
                }
            }
            try cursor.expectEnd()
        } catch {
            throw RequestError(error.description)
        }
        if let problem { throw problem }
        return (fields, name)
    }
}

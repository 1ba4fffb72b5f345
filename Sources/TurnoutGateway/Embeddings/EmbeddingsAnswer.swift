import Foundation
import NIOCore
import TurnoutCore
import TurnoutEncoders
import TurnoutNumerics
import TurnoutProviders

/// An embeddings answer in OpenAI's form.
struct EmbeddingsAnswer {
    /// The vectors of some consecutive texts, written as elements of `data`.
    struct Part: Sendable {
        let json: ByteBuffer
        let tokens: Int
        let truncated: Int

        /// - Parameters:
        ///   - vectors: A row for each text, all numbers finite.
        ///   - first: The index of the first text in the request.
        ///   - format: How numbers are written.
        ///   - counts: What was read of each text.
        init(_ vectors: Matrix, first: Int, format: EmbeddingsInput.Format, counts: [TokenCount]) {
            var json = ByteBufferAllocator().buffer(capacity: vectors.storage.count * 13 + vectors.rows * 64)
            for row in 0..<vectors.rows {
                json.writeString(
                    "\(row > 0 ? "," : ""){\"object\":\"embedding\",\"index\":\(first + row),\"embedding\":")
                Self.write(vectors[row: row], format, to: &json)
                json.writeString("}")
            }
            self.json = json
            tokens = counts.map(\.count).reduce(0, +)
            truncated = counts.count(where: \.isTruncated)
        }

        private static func write(
            _ vector: ArraySlice<Float>, _ format: EmbeddingsInput.Format, to json: inout ByteBuffer
        ) {
            switch format {
            case .float:
                for (index, number) in vector.enumerated() {
                    json.writeString(index == 0 ? "[" : ",")
                    json.writeString(number.description)
                }
                json.writeString("]")
            case .base64:
                // No key path here: it would cost three times the whole encoding.
                let bytes = vector.map { $0.bitPattern.littleEndian }.withUnsafeBytes { Data($0) }
                json.writeString("\"\(bytes.base64EncodedString())\"")
            }
        }
    }

    /// The whole answer.
    let body: ByteBuffer
    /// How many texts were longer than the model reads.
    let truncated: Int

    init(model: ModelID, parts: [Part]) {
        let tokens = parts.map(\.tokens).reduce(0, +)
        var body = ByteBufferAllocator().buffer(
            capacity: parts.map { $0.json.readableBytes + 1 }.reduce(128 + model.name.utf8.count, +))
        body.writeString("{\"object\":\"list\",\"data\":[")
        for (index, part) in parts.enumerated() {
            if index > 0 { body.writeString(",") }
            body.writeImmutableBuffer(part.json)
        }
        body.writeString(
            """
            ],"model":\(JSONText.quoted(model.name)),"usage":{"prompt_tokens":\(tokens),"total_tokens":\(tokens)}}
            """)
        self.body = body
        truncated = parts.map(\.truncated).reduce(0, +)
    }
}

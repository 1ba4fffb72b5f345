import NIOCore

/// Writes an event of a chat stream anew with some of its strings replaced.
enum ChatEvent {
    /// The event with another id, text or reasoning, where it has such fields and `nil` does not keep them; every
    /// other byte of its data as it was.
    static func rewritten(
        _ data: UnsafeRawBufferPointer, _ chunk: ChatChunk, id: String?, content: [UInt8]? = nil,
        reasoning: [UInt8]? = nil
    ) -> ByteBuffer {
        var edits: [(Range<Int>, String)] = []
        if let id, let token = chunk.id { edits.append((token.range, JSONText.quoted(id))) }
        for (text, token) in [(content, chunk.content), (reasoning, chunk.reasoning)] {
            guard let text, let token else { continue }
            edits.append((token.range, JSONText.quoted(String(decoding: text, as: UTF8.self))))
        }
        edits.sort { $0.0.lowerBound < $1.0.lowerBound }
        var out = ByteBufferAllocator().buffer(capacity: data.count + 64)
        out.writeStaticString("data: ")
        var at = 0
        for (range, text) in edits {
            write(data[at..<range.lowerBound - 1], to: &out)
            out.writeString(text)
            at = range.upperBound + 1
        }
        write(data[at...], to: &out)
        out.writeStaticString("\n\n")
        return out
    }

    /// A line end may stand between the tokens of JSON, but not amid the data of an event.
    private static func write(_ bytes: Slice<UnsafeRawBufferPointer>, to out: inout ByteBuffer) {
        guard bytes.contains(UInt8(ascii: "\n")) else {
            out.writeBytes(UnsafeRawBufferPointer(rebasing: bytes))
            return
        }
        out.writeBytes(bytes.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 })
    }
}

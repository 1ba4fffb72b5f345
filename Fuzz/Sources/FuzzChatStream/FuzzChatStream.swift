import NIOCore

@testable import TurnoutProviders

/// Any bytes are read as a chat stream, in pieces of any length: nothing is lost or made up, the pieces make no
/// difference, and what is relayed reads as a stream with nothing malformed in it.
enum FuzzChatStream {
    /// The first byte says how long the pieces are; the rest is the stream.
    static func test(_ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let stream = Array(bytes.dropFirst())
        let piece = Int(first) + 1
        cutsAtEvents(stream, piece: piece)
        readsTheSame(stream, piece: piece)
        takesUp(stream, piece: piece)
    }

    /// The framer hands out the bytes it was given, and, but for an overlong event, up to an event's end.
    private static func cutsAtEvents(_ stream: [UInt8], piece: Int) {
        for limit in [1 << 20, 64] {
            var framer = SSEFramer(limit: limit)
            var out: [UInt8] = []
            var events: [[UInt8]] = []
            var wasMidEvent = false
            for chunk in pieces(of: stream, piece) {
                guard let whole = framer.push(chunk) else { continue }
                wasMidEvent = wasMidEvent || framer.isMidEvent
                out += whole.readableBytesView
                events += self.events(whole)
            }
            if let rest = framer.takePending() {
                out += rest.readableBytesView
                events += self.events(rest)
            }
            precondition(out == stream, "bytes were lost or made up")
            precondition(wasMidEvent || events == self.events(ByteBuffer(bytes: stream)), "an event was cut")
        }
    }

    /// The reader relays and counts the same whatever the pieces, and what it relays is relayed unchanged.
    private static func readsTheSame(_ stream: [UInt8], piece: Int) {
        for passesUsage in [false, true] {
            let (whole, expected) = relayed(stream, stream.count, passesUsage)
            let (pieces, out) = relayed(stream, piece, passesUsage)
            precondition(events(ByteBuffer(bytes: out)) == events(ByteBuffer(bytes: expected)))
            precondition(pieces.contentEvents == whole.contentEvents && pieces.usage == whole.usage)
            precondition(pieces.isFinished == whole.isFinished && pieces.transcript == whole.transcript)
            let (again, repeated) = relayed(out, max(out.count, 1), passesUsage)
            precondition(again.malformedEvents == 0 && again.error == nil, "something was relayed that must not be")
            precondition(repeated == out && again.transcript == pieces.transcript)
        }
    }

    /// A stream takes up what it has said itself, or part of it, or something else: the client has one text.
    private static func takesUp(_ stream: [UInt8], piece: Int) {
        let half = relayed(Array(stream.prefix(stream.count / 2)), piece, false).0.transcript
        let whole = relayed(stream, stream.count, false).0
        guard half.isSpliceable else { return }
        for way in [Splice.Way.repeats, .continues] {
            let (reader, out) = relayed(stream, piece, false, Splice(half, way))
            let rest = relayed(out, max(out.count, 1), false).0
            precondition(rest.malformedEvents == 0)
            guard way == .repeats, !reader.hasDiverged, !reader.isCatchingUp, reader.transcript.isSpliceable,
                whole.transcript.isSpliceable, !half.content.isEmpty
            else { continue }
            precondition(half.content + rest.transcript.content == reader.transcript.content, "the seam shows")
            precondition(reader.transcript.content == whole.transcript.content, "it is another text")
        }
    }

    private static func pieces(of bytes: [UInt8], _ length: Int) -> [ByteBuffer] {
        stride(from: 0, to: bytes.count, by: max(length, 1)).map {
            ByteBuffer(bytes: bytes[$0..<min($0 + length, bytes.count)])
        }
    }

    private static func relayed(
        _ bytes: [UInt8], _ piece: Int, _ passesUsage: Bool, _ splice: Splice? = nil
    ) -> (ChatStreamReader, [UInt8]) {
        var reader = ChatStreamReader(passesUsage: passesUsage, splice: splice)
        var out: [UInt8] = []
        for chunk in pieces(of: bytes, piece) {
            if let ready = reader.push(chunk) { out += ready.readableBytesView }
        }
        if let rest = reader.end() { out += rest.readableBytesView }
        return (reader, out)
    }

    private static func events(_ bytes: ByteBuffer) -> [[UInt8]] {
        var events: [[UInt8]] = []
        SSEFramer.forEachEvent(in: bytes) { data, _ in events.append(Array(data)) }
        return events
    }
}

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    FuzzChatStream.test(Array(UnsafeBufferPointer(start: data, count: size)))
    return 0
}

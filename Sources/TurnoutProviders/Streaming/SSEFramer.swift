package import NIOCore

/// Cuts a byte stream of server-sent events at event boundaries, whatever its chunking.
///
/// The bytes that come out are the bytes that went in, in the same order; only the tail of an event that is not
/// complete yet is kept back until it is. So whoever relays the output can stop, or say something of its own,
/// between two events. Line ends may be LF, CRLF or CR (WHATWG HTML, section 9.2).
package struct SSEFramer: Sendable {
    /// Whether the bytes handed out so far end amid an event.
    package private(set) var isMidEvent = false
    private var pending = ByteBuffer()
    private var atLineStart = true
    private var afterCarriageReturn = false
    private let limit: Int

    /// - Parameter limit: Bytes of one event that are kept back at most; what is longer passes in pieces.
    package init(limit: Int = 1 << 20) {
        self.limit = limit
    }

    /// Takes a chunk and returns all bytes up to the last event boundary, if there is one among them.
    package mutating func push(_ chunk: ByteBuffer) -> ByteBuffer? {
        guard let boundary = lastBoundary(in: chunk) else {
            pending.writeImmutableBuffer(chunk)
            guard pending.readableBytes > limit else { return nil }
            isMidEvent = true
            return takePending()
        }
        isMidEvent = false
        var rest = chunk
        guard let head = rest.readSlice(length: boundary) else { return nil }
        guard pending.readableBytes > 0 else {
            pending = rest
            return head
        }
        pending.writeImmutableBuffer(head)
        let whole = takePending()
        pending = rest
        return whole
    }

    /// What was kept back; call it when the stream has ended.
    package mutating func takePending() -> ByteBuffer? {
        guard pending.readableBytes > 0 else { return nil }
        defer { pending = ByteBuffer() }
        return pending
    }

    /// One past the last blank line's end, counted from the chunk's first readable byte.
    private mutating func lastBoundary(in chunk: ByteBuffer) -> Int? {
        chunk.withUnsafeReadableBytes { bytes in
            let end = bytes.count
            if end >= 2, bytes[end - 1] == UInt8(ascii: "\n"), bytes[end - 2] == UInt8(ascii: "\n") {
                // The usual chunk: its last line is blank, whatever came before.
                (atLineStart, afterCarriageReturn) = (true, false)
                return end
            }
            var boundary: Int?
            for index in 0..<bytes.count {
                switch bytes[index] {
                case UInt8(ascii: "\n"):
                    // The second half of a CRLF belongs to the boundary that its first half made.
                    if afterCarriageReturn {
                        if boundary == index { boundary = index + 1 }
                    } else {
                        if atLineStart { boundary = index + 1 }
                        atLineStart = true
                    }
                    afterCarriageReturn = false
                case UInt8(ascii: "\r"):
                    if atLineStart { boundary = index + 1 }
                    atLineStart = true
                    afterCarriageReturn = true
                default:
                    atLineStart = false
                    afterCarriageReturn = false
                }
            }
            return boundary
        }
    }
}

extension SSEFramer {
    /// Calls `event` for each event in bytes that begin and end at event boundaries, with its data and where it
    /// stands, its blank line included.
    ///
    /// Other fields and events without data are passed over; several data lines are joined by LF.
    package static func forEachEvent(in whole: ByteBuffer, _ event: (UnsafeRawBufferPointer, Range<Int>) -> Void) {
        whole.withUnsafeReadableBytes { bytes in
            // Nearly every event has one line of data, for which no array is needed.
            var first: Range<Int>?
            var more: [Range<Int>] = []
            var eventStart = 0
            var start = 0
            while start < bytes.count {
                var end = start
                while end < bytes.count, bytes[end] != UInt8(ascii: "\n"), bytes[end] != UInt8(ascii: "\r") { end += 1 }
                let isPair =
                    end + 1 < bytes.count && bytes[end] == UInt8(ascii: "\r") && bytes[end + 1] == UInt8(ascii: "\n")
                let next = min(end + (isPair ? 2 : 1), bytes.count)
                if end == start {
                    if let first { dispatch(first, more, eventStart..<next, in: bytes, event) }
                    (first, more) = (nil, [])
                    eventStart = next
                } else if let data = dataRange(of: start..<end, in: bytes) {
                    if first == nil { first = data } else { more.append(data) }
                }
                start = next
            }
            if let first { dispatch(first, more, eventStart..<bytes.count, in: bytes, event) }
        }
    }

    private static func dataRange(of line: Range<Int>, in bytes: UnsafeRawBufferPointer) -> Range<Int>? {
        let name: StaticString = "data:"
        guard line.count >= 5 else { return nil }
        for index in 0..<5 where bytes[line.lowerBound + index] != name.utf8Start[index] { return nil }
        let start = line.lowerBound + 5
        return (start < line.upperBound && bytes[start] == 0x20 ? start + 1 : start)..<line.upperBound
    }

    private static func dispatch(
        _ first: Range<Int>, _ more: [Range<Int>], _ range: Range<Int>, in bytes: UnsafeRawBufferPointer,
        _ event: (UnsafeRawBufferPointer, Range<Int>) -> Void
    ) {
        if more.isEmpty { return event(UnsafeRawBufferPointer(rebasing: bytes[first]), range) }
        let joined = Array(([first] + more).map { bytes[$0] }.joined(separator: [UInt8(ascii: "\n")]))
        joined.withUnsafeBytes { event($0, range) }
    }
}

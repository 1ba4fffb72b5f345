package import NIOCore

/// Watches a chat stream pass by: hands back the bytes to be relayed and remembers what they said.
package struct ChatStreamObserver: Sendable {
    /// Whether any part of the answer has come, or the news that it is finished.
    package private(set) var hasAnswer = false
    /// Whether the stream has said that nothing more follows.
    package private(set) var isDone = false
    /// Whether the stream has reported an error of its own.
    package private(set) var hasFailed = false
    /// Events that were not JSON.
    package private(set) var malformedEvents = 0

    private var framer: SSEFramer
    private var startedChoices: UInt128 = 0
    private var finishedChoices: UInt128 = 0

    /// - Parameter eventLimit: Bytes of one event that are kept back at most.
    package init(eventLimit: Int = 1 << 20) {
        self.framer = SSEFramer(limit: eventLimit)
    }

    /// Whether the model has said of every choice it began why it stopped.
    package var isFinished: Bool { finishedChoices != 0 && startedChoices & ~finishedChoices == 0 }

    /// Whether what was relayed last ends amid an event that was too long to be kept back.
    package var isMidEvent: Bool { framer.isMidEvent }

    /// Whether the stream may end here without anything missing.
    package var isComplete: Bool { isFinished || (isDone && hasAnswer) || hasFailed }

    /// Takes a chunk and returns what can be relayed: whole events, untouched.
    package mutating func push(_ chunk: ByteBuffer) -> ByteBuffer? {
        guard let whole = framer.push(chunk) else { return nil }
        SSEFramer.forEachEvent(in: whole) { note($0) }
        return whole
    }

    /// Takes the end of the stream and returns what can still be relayed.
    ///
    /// Some servers leave out the last blank line. A last event that reads as one is passed on, with the blank line
    /// it lacks; a torn one is dropped.
    package mutating func end() -> ByteBuffer? {
        // The tail of an event of which the head was relayed cannot be judged alone.
        guard !framer.isMidEvent, var rest = framer.takePending() else { return nil }
        guard rest.readableBytesView.contains(where: { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }) else {
            return rest
        }
        let before = malformedEvents
        SSEFramer.forEachEvent(in: rest) { note($0) }
        guard malformedEvents == before else { return nil }
        rest.writeStaticString("\n\n")
        return rest
    }

    private mutating func note(_ data: UnsafeRawBufferPointer) {
        if data.elementsEqual("[DONE]".utf8) {
            isDone = true
            return
        }
        guard let chunk = try? ChatChunk(data) else {
            malformedEvents += 1
            return
        }
        startedChoices |= chunk.startedChoices
        finishedChoices |= chunk.finishedChoices
        hasAnswer = hasAnswer || chunk.hasContent || chunk.finishedChoices != 0
        hasFailed = hasFailed || chunk.isError
    }
}

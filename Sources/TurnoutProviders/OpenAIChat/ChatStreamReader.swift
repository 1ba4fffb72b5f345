package import NIOCore
package import TurnoutCore

/// Reads a chat stream as it passes: hands back the bytes that may be relayed and remembers what they said.
///
/// What is not JSON is left out and counted. An error in the stream ends what may be relayed. Everything else goes
/// through as it came; only an event that has arrived in part waits for its rest.
package struct ChatStreamReader: Sendable {
    /// Whether any part of the answer has come, or the news that it is finished.
    package private(set) var hasAnswer = false
    /// Whether the stream has said that nothing more follows.
    package private(set) var isDone = false
    /// The error that the stream has reported.
    package private(set) var error: ProviderError?
    /// Events that were not JSON.
    package private(set) var malformedEvents = 0
    /// Events that carried a part of the answer.
    package private(set) var contentEvents = 0
    /// The tokens spent, where the stream says so.
    package private(set) var usage: TokenUsage?
    /// What the relayed bytes said, for whoever has to take the answer up.
    package private(set) var transcript = Transcript()

    private var framer: SSEFramer
    private var startedChoices: UInt128 = 0
    private var finishedChoices: UInt128 = 0
    private let passesUsage: Bool
    /// Set while the beginning of this stream is what the client has already.
    private var splice: Splice?
    /// The last event with text that was withheld.
    private var lastText: [UInt8] = []
    /// The name that the answer goes by, when another stream began it.
    private var id: String?

    /// - Parameters:
    ///   - passesUsage: Whether the client has asked for usage; else an event that carries nothing else is left out.
    ///   - splice: What the client has already, if anything.
    ///   - eventLimit: Bytes of one event at most.
    package init(passesUsage: Bool = true, splice: Splice? = nil, eventLimit: Int = 1 << 20) {
        self.framer = SSEFramer(limit: eventLimit)
        self.passesUsage = passesUsage
        self.splice = splice
        self.id = splice?.id
        if let begun = splice?.begun { self.transcript = begun }
    }

    /// Whether the model has said of every choice it began why it stopped: only then is the answer complete.
    package var isFinished: Bool { finishedChoices != 0 && startedChoices & ~finishedChoices == 0 }

    /// Whether another stream can take up what was relayed.
    package var isSpliceable: Bool { transcript.isSpliceable }

    /// Whether what the client has is still being repeated.
    package var isCatchingUp: Bool { splice != nil }

    /// Whether the stream has turned out to be another answer than the one that was begun.
    package private(set) var hasDiverged = false

    /// Whether an event is longer than any may be.
    package var isOverlong: Bool { framer.isMidEvent }

    /// Takes a chunk and returns what can be relayed.
    package mutating func push(_ chunk: ByteBuffer) -> ByteBuffer? {
        guard let whole = framer.push(chunk), !framer.isMidEvent else { return nil }
        return read(whole)
    }

    /// Takes the end of the stream and returns what can still be relayed.
    ///
    /// Some servers leave out the last blank line. A last event that reads as one is passed on, with the blank line
    /// it lacks; a torn one is dropped.
    package mutating func end() -> ByteBuffer? {
        guard !framer.isMidEvent, var rest = framer.takePending() else { return nil }
        guard rest.readableBytesView.contains(where: { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }) else {
            return splice == nil ? rest : nil
        }
        let before = malformedEvents
        rest.writeStaticString("\n\n")
        let out = read(rest)
        // What the end of a stream has torn is not malformed.
        malformedEvents = before
        return out
    }

    private enum Fate {
        case relay
        case drop
        case replace(ByteBuffer)
    }

    /// Relays a buffer as it is, unless something in it must be left out or changed.
    private mutating func read(_ whole: ByteBuffer) -> ByteBuffer? {
        var changed: ByteBuffer?
        var copied = 0
        SSEFramer.forEachEvent(in: whole) { data, range in
            let fate = fate(of: data)
            if case .relay = fate { return }
            var out = changed ?? ByteBufferAllocator().buffer(capacity: whole.readableBytes)
            out.writeImmutableBuffer(Self.slice(whole, copied..<range.lowerBound))
            if case .replace(let bytes) = fate { out.writeImmutableBuffer(bytes) }
            copied = range.upperBound
            changed = out
        }
        guard var out = changed else { return whole }
        if error == nil, !hasDiverged { out.writeImmutableBuffer(Self.slice(whole, copied..<whole.readableBytes)) }
        return out.readableBytes > 0 ? out : nil
    }

    private static func slice(_ whole: ByteBuffer, _ range: Range<Int>) -> ByteBuffer {
        whole.getSlice(at: whole.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }

    private mutating func fate(of data: UnsafeRawBufferPointer) -> Fate {
        guard error == nil, !hasDiverged else { return .drop }
        if data.elementsEqual("[DONE]".utf8) {
            isDone = true
            // Without a reason why the model stopped it would pass off as whole what is not.
            return isFinished ? .relay : .drop
        }
        guard let chunk = try? ChatChunk(data) else {
            malformedEvents += 1
            return .drop
        }
        if chunk.isError {
            // What comes after the answer cannot make it worse.
            if !isFinished { error = ProviderError(data) }
            return .drop
        }
        usage = chunk.usage ?? usage
        if chunk.hasContent { contentEvents += 1 }
        guard splice == nil else { return catchUp(chunk, data) }
        note(chunk, data)
        if !chunk.hasChoices, chunk.usage != nil, !passesUsage { return .drop }
        return id.map { .replace(ChatEvent.rewritten(data, chunk, id: $0)) } ?? .relay
    }

    private mutating func note(_ chunk: ChatChunk, _ data: UnsafeRawBufferPointer) {
        startedChoices |= chunk.startedChoices
        finishedChoices |= chunk.finishedChoices
        hasAnswer = hasAnswer || chunk.hasContent || chunk.finishedChoices != 0
        transcript.append(chunk, data)
    }

    private mutating func catchUp(_ chunk: ChatChunk, _ data: UnsafeRawBufferPointer) -> Fate {
        switch splice?.take(chunk, data) {
        case .withhold:
            if chunk.content != nil { lastText = Array(data) }
            return .drop
        case .diverged, nil:
            hasDiverged = true
            return .drop
        case .goOn(let content, let reasoning):
            splice = nil
            startedChoices |= chunk.startedChoices
            finishedChoices |= chunk.finishedChoices
            hasAnswer = true
            if content == nil, reasoning == nil { transcript.append(chunk, data) }
            transcript.append(content: content ?? [], reasoning: reasoning ?? [])
            var out = ByteBuffer()
            if let content, !content.isEmpty, chunk.content == nil { out = textEvent(content) }
            out.writeImmutableBuffer(
                ChatEvent.rewritten(data, chunk, id: id, content: content, reasoning: reasoning))
            return .replace(out)
        }
    }

    /// An event for text whose own events were withheld, when the one at hand has no place for it.
    private func textEvent(_ text: [UInt8]) -> ByteBuffer {
        lastText.withUnsafeBytes { data in
            guard let chunk = try? ChatChunk(data) else { return ByteBuffer() }
            return ChatEvent.rewritten(data, chunk, id: id, content: text, reasoning: [])
        }
    }
}

import HTTPTypes
import NIOCore
import TurnoutProviders

/// An attempt that is under way, as the shell sees it.
struct LiveAttempt {
    /// Bytes of an answer that are held back at most.
    static let holdLimit = 8 << 20

    let upstream: Upstream
    let task: Task<Void, Never>
    /// When it was started.
    let started: Duration
    var record: AttemptRecord
    var reader: ChatStreamReader
    var status = 200
    var headers: HTTPFields = [:]
    var isStream = false
    /// What was read and not sent.
    var held: [ByteBuffer] = []
    var heldBytes = 0
    /// When something came last; before, when it was started.
    var lastHeard: Duration
    /// When the stream said that it is finished.
    var finished: Duration?
    /// Where the window began in which the pace is held against its limit, and how much had come by then.
    var window: (start: Duration, events: Int)?
    /// The piece of the stream whose pace is to be told next.
    var piece: Piece?
    /// Whether its first token is waited for.
    var isAwaited = false
    /// Whether the plan was told that content is there.
    var hasSpoken = false

    /// A piece of a stream.
    struct Piece {
        /// When it began.
        let start: Duration
        /// How much had come by then.
        let events: Int
        /// For how long it could not be listened to, because the client was taking what had come.
        var delay = Duration.zero
        /// Whether the stream began with it.
        var isFirst = false
        /// Whether much of it may have been waiting, because the piece before it was delayed.
        var isBacklog = false
    }

    mutating func hold(_ chunk: ByteBuffer) {
        held.append(chunk)
        heldBytes += chunk.readableBytes
    }

    /// All that is held, as one.
    mutating func takeHeld() -> ByteBuffer {
        defer { (held, heldBytes) = ([], 0) }
        guard held.count > 1 else { return held.first ?? ByteBuffer() }
        var body = ByteBufferAllocator().buffer(capacity: heldBytes)
        for chunk in held { body.writeImmutableBuffer(chunk) }
        return body
    }
}

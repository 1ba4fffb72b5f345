/// A message of the user with the wrapping taken off and pasted files left out.
///
/// One pass over the bytes. Where it looks ahead for the end of a block, the block is then passed over whole, or the
/// name is remembered as one that is not closed, or the search is paid from a fixed allowance; so that no text, however
/// built, takes more than a multiple of its length.
struct SaidText {
    /// Longer blocks, in fences or in tags, count as pasted.
    static let pasteLimit = 1024

    private let bytes: [UInt8]
    private var said: [Range<Int>] = []
    private var pasted: [Range<Int>] = []
    private var hasWords = false

    private var at = 0
    /// Where the part that is being read ends: the message, or what the user typed within it.
    private var end: Int
    /// Where to go on after that part.
    private var resumption: Int
    private var place = Place.message
    private var isLineStart = true
    /// By the hash of its name, how far a tag was found not to be closed.
    private var unclosed: [UInt64: Int] = [:]
    /// Bytes that may still be looked through for the ends of tags of no known name.
    private var allowance: Int

    private enum Place {
        /// In a message of which nothing says where the user's words are.
        case message
        /// Within what the user typed.
        case ask
        /// Past that, in a message that marks it.
        case wrapping
    }

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        self.end = bytes.count
        self.resumption = bytes.count
        self.allowance = 4 * bytes.count
        read()
    }

    /// Whether nothing was said and nothing pasted.
    var isEmpty: Bool { !hasWords && pasted.isEmpty }
    /// Whether the message is nothing but what was pasted.
    var isPastedOnly: Bool { !hasWords && !pasted.isEmpty }
    /// Whether the message stands as it was.
    var isUnchanged: Bool { hasWords && said == [0..<bytes.count] }

    /// What was said; where that is nothing, what was pasted.
    var text: String {
        var out: [UInt8] = []
        for range in hasWords ? said : pasted {
            let piece = bytes[range].trimmed
            if !out.isEmpty, !piece.isEmpty { out.append(UInt8(ascii: "\n")) }
            out += piece
        }
        return String(decoding: out, as: UTF8.self)
    }

    // MARK: Reading

    private mutating func read() {
        while at < end || leaveAsk() {
            if isLineStart, readFence() || readNotice() { continue }
            var next = at
            while next < end, bytes[next] != UInt8(ascii: "<"), bytes[next] != UInt8(ascii: "\n") { next += 1 }
            let startsLine = isLineStart && bytes[at..<next].isBlank
            keep(at..<next)
            at = next
            guard at < end else { continue }
            isLineStart = bytes[at] == UInt8(ascii: "\n")
            if isLineStart { keep(through: at + 1) } else { readTag(startsLine: startsLine) }
        }
    }

    private mutating func keep(_ range: Range<Int>) {
        guard place != .wrapping, !range.isEmpty else { return }
        hasWords = hasWords || !bytes[range].isBlank
        if let last = said.last, last.upperBound == range.lowerBound {
            said[said.count - 1] = last.lowerBound..<range.upperBound
        } else {
            said.append(range)
        }
    }

    private mutating func keep(through next: Int) {
        keep(at..<next)
        at = next
    }

    private mutating func pass(to next: Int, pasting: Bool = false) {
        if pasting, place != .wrapping { pasted.append(at..<next) }
        at = next
        isLineStart = true
    }

    /// Goes on to what the user typed; what stands before it was not.
    private mutating func enterAsk(at start: Int, end: Int, resumption: Int) {
        if place == .message { (said, pasted, hasWords) = ([], [], false) }
        (place, self.end, self.resumption) = (.ask, end, resumption)
        pass(to: start)
    }

    /// Goes on after what the user typed; `false` at the end of the message.
    private mutating func leaveAsk() -> Bool {
        guard place == .ask, end < bytes.count else { return false }
        (place, end) = (.wrapping, bytes.count)
        pass(to: resumption)
        return at < end
    }

    // MARK: Lines

    /// Reads a notice of an agent; `false`, and nothing read, where there is none.
    private mutating func readNotice() -> Bool {
        guard let notice = AgentMarkup.notice(bytes, at: at, end: end) else { return false }
        switch notice {
        case .line: pass(to: lineEnd(at))
        case .askFollows where place == .message:
            enterAsk(at: lineEnd(at), end: bytes.count, resumption: bytes.count)
        case .message where place == .message && !hasWords:
            place = .wrapping
            pass(to: lineEnd(at))
        case .askFollows, .message: return false
        }
        return true
    }

    /// Reads a fenced block, to the end of the message if it is not closed; `false` where none begins.
    ///
    /// CommonMark 0.31, section 4.5.
    private mutating func readFence() -> Bool {
        guard let fence = fence(at: at) else { return false }
        let first = lineEnd(at)
        // A tick after the fence makes it code within a line.
        guard fence.mark == UInt8(ascii: "~") || !bytes[fence.end..<first].contains(fence.mark) else { return false }
        var line = first
        var next = first
        while line < end {
            next = lineEnd(line)
            if let close = self.fence(at: line), close.mark == fence.mark, close.length >= fence.length,
                bytes[close.end..<next].isBlank
            {
                break
            }
            line = next
        }
        if line - first > Self.pasteLimit { pass(to: next, pasting: true) } else { keep(through: next) }
        return true
    }

    private func fence(at line: Int) -> (mark: UInt8, length: Int, end: Int)? {
        var start = line
        while start < end, start < line + 3, bytes[start] == 0x20 { start += 1 }
        guard start < end, bytes[start] == UInt8(ascii: "`") || bytes[start] == UInt8(ascii: "~") else { return nil }
        var stop = start
        while stop < end, bytes[stop] == bytes[start] { stop += 1 }
        return stop - start >= 3 ? (bytes[start], stop - start, stop) : nil
    }

    /// Past the line feed that ends the line, or the end of the part.
    private func lineEnd(_ start: Int) -> Int {
        var stop = start
        while stop < end, bytes[stop] != UInt8(ascii: "\n") { stop += 1 }
        return min(stop + 1, end)
    }

    // MARK: Tags

    private struct Tag {
        let hash: UInt64
        let name: Range<Int>
        /// Past the `>`.
        let end: Int
        let isEmpty: Bool
    }

    private mutating func readTag(startsLine: Bool) {
        guard let tag = tag(at: at) else { return keep(through: at + 1) }
        switch AgentMarkup.tag(tag.hash) {
        case .ask where place != .ask: openAsk(tag)
        case .leadingAsk where place == .message && startsLine && !hasWords: openAsk(tag)
        case .ask: pass(to: tag.end)
        case .wrapping: pass(to: closing(of: tag)?.upperBound ?? tag.end)
        case .request, .leadingAsk: keep(through: tag.end)
        case nil: readUnknown(tag, startsLine: startsLine)
        }
    }

    private mutating func openAsk(_ tag: Tag) {
        let close = closing(of: tag)
        enterAsk(at: tag.end, end: close?.lowerBound ?? end, resumption: close?.upperBound ?? end)
    }

    /// A block is pasted when it is long, whatever its name.
    private mutating func readUnknown(_ tag: Tag, startsLine: Bool) {
        guard startsLine, allowance > 0, end - tag.end > Self.pasteLimit else { return keep(through: tag.end) }
        let close = closing(of: tag)
        allowance -= (close?.lowerBound ?? end) - tag.end
        guard let close, close.lowerBound - tag.end > Self.pasteLimit else { return keep(through: tag.end) }
        pass(to: close.upperBound, pasting: true)
    }

    /// The opening tag at a `<`; `nil` where there is none.
    private func tag(at start: Int) -> Tag? {
        var stop = start + 1
        var hash = AgentMarkup.hashStart
        while stop < end, stop - start <= 48, Self.isNamePart(bytes[stop]) {
            hash = AgentMarkup.hash(hash, bytes[stop])
            stop += 1
        }
        let name = start + 1..<stop
        guard let first = bytes[name].first, first > UInt8(ascii: "9"), stop < end else { return nil }
        let follows = bytes[stop]
        guard follows == UInt8(ascii: ">") || follows == UInt8(ascii: "/") || follows <= 0x20 else { return nil }
        while stop < end, stop - start < 1024, bytes[stop] != UInt8(ascii: ">") {
            if bytes[stop] == UInt8(ascii: "<") { return nil }
            stop += 1
        }
        guard stop < end, bytes[stop] == UInt8(ascii: ">") else { return nil }
        return Tag(hash: hash, name: name, end: stop + 1, isEmpty: bytes[stop - 1] == UInt8(ascii: "/"))
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Where the next closing tag of the same name stands in the part that is being read.
    private mutating func closing(of tag: Tag) -> Range<Int>? {
        guard !tag.isEmpty, unclosed[tag.hash, default: 0] < end else { return nil }
        let length = tag.name.count + 3
        var start = tag.end
        while start + length <= end {
            if bytes[start] == UInt8(ascii: "<"), bytes[start + 1] == UInt8(ascii: "/"),
                bytes[start + length - 1] == UInt8(ascii: ">"),
                bytes[start + 2..<start + length - 1].elementsEqual(bytes[tag.name])
            {
                return start..<start + length
            }
            start += 1
        }
        unclosed[tag.hash] = end
        return nil
    }
}

extension ArraySlice<UInt8> {
    /// Whether there is nothing but white space.
    var isBlank: Bool { allSatisfy { $0 <= 0x20 } }

    /// Without white space at either end.
    var trimmed: ArraySlice<UInt8> {
        guard let first = firstIndex(where: { $0 > 0x20 }), let last = lastIndex(where: { $0 > 0x20 }) else {
            return []
        }
        return self[first...last]
    }
}

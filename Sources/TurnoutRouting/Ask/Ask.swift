import Foundation

/// What the user of a conversation wants: the text that a router is to judge.
///
/// Coding agents wrap a sentence in pages of reminders, files and results of tools, and say "commit it" where the work
/// was described ten messages before. A router that reads such a message as it stands judges the wrapping. The ask is
/// the last text in which the user wants something, without the wrapping; where it only refers to what was said
/// before, that stands behind it.
///
/// Everything is decided by shape: see ``AgentMarkup`` for what agents add, ``LabelledText`` for prompts made from
/// examples or from retrieved passages.
public struct Ask: Equatable, Sendable {
    /// The text to be judged, at most ``byteLimit`` bytes of UTF-8.
    public let text: String

    /// Bytes of an ask; of a longer text head and tail are kept.
    public static let byteLimit = 8192
    /// Bytes of an earlier ask that stand behind a follow-up.
    static let earlierLimit = 2048

    /// Finds the ask of a conversation.
    ///
    /// - Parameter turns: The texts of the user's messages, the latest first. They are read one by one, as a rule only
    ///   the first of them.
    /// - Complexity: O(bytes of the messages that are read)
    public init(latestFirst turns: some Sequence<String>) {
        var first: String?
        var followUp: Request?
        for turn in turns {
            first = first ?? turn
            guard let request = Request(turn) else { continue }
            guard let opened = followUp else {
                followUp = request
                if request.needsEarlier { continue }
                break
            }
            guard !request.needsEarlier else { continue }
            let head = TextSample.headAndTail(opened.text, limit: Self.byteLimit - Self.earlierLimit - 16)
            let tail = TextSample.headAndTail(request.text, limit: Self.earlierLimit)
            self.text = "\(head)\n[earlier] \(tail)"
            return
        }
        // Where nothing but wrapping was said, the wrapping is all there is to judge.
        self.text = TextSample.headAndTail(followUp?.text ?? first ?? "", limit: Self.byteLimit)
    }
}

/// What one message of the user wants.
struct Request {
    let text: String
    /// Whether the message makes sense only after an earlier one.
    let needsEarlier: Bool

    /// `nil` when the user says nothing in it.
    init?(_ turn: String) {
        guard Self.mayHaveStructure(turn) else {
            guard turn.utf8.contains(where: { $0 > 0x20 }) else { return nil }
            (text, needsEarlier) = (turn, FollowUp.isOne(turn))
            return
        }
        let said = SaidText(Array(turn.utf8))
        guard !said.isEmpty else { return nil }
        let whole = said.isUnchanged ? turn : said.text
        text = LabelledText(whole).request ?? whole
        needsEarlier = said.isPastedOnly || FollowUp.isOne(text)
    }

    /// Whether a text has lines, tags or notices at all; most messages have none and are the ask as they stand.
    private static func mayHaveStructure(_ text: String) -> Bool {
        let isMarked = text.utf8.withContiguousStorageIfAvailable { bytes in
            guard let start = bytes.baseAddress, let first = bytes.first else { return false }
            return AgentMarkup.mayBeginNotice(first) || memchr(start, Int32(UInt8(ascii: "<")), bytes.count) != nil
                || memchr(start, Int32(UInt8(ascii: "\n")), bytes.count) != nil
        }
        // A string that is not contiguous is looked at closely.
        return isMarked ?? true
    }
}

/// Where a model's thoughts stand in a message of the assistant, and what is left where they are cut.
///
/// Providers call them `reasoning_content`, `reasoning`, `reasoning_details` or `thinking_blocks` beside the content, or
/// `thinking` and `redacted_thinking` among its parts. Some are signed by their issuer, and refused when another one
/// gets them.
struct Thought: Equatable, Sendable {
    /// Which message it is in, counted from 0.
    let message: Int
    /// The bytes to be cut: those of the thought and of the comma that parts it from what stays.
    let range: Range<Int>
    /// Whether they are the whole value of `content`, which then becomes an empty text.
    var isContent = false

    /// What stands in their place.
    var replacement: String { isContent ? "\"\"" : "" }

    static func isMember(_ key: JSONCursor.StringToken, _ cursor: JSONCursor) -> Bool {
        cursor.matches(key, "reasoning_content") || cursor.matches(key, "reasoning")
            || cursor.matches(key, "reasoning_details") || cursor.matches(key, "thinking_blocks")
    }

    static func isPart(_ kind: JSONCursor.StringToken, _ cursor: JSONCursor) -> Bool {
        cursor.matches(kind, "thinking") || cursor.matches(kind, "redacted_thinking")
    }
}

/// Which bytes of a list to cut so that some of its elements, and the right commas, are gone.
struct ListCuts {
    /// In ascending order, none overlapping; without a comma too many or too few where something stays.
    private(set) var ranges: [Range<Int>] = []
    /// What is to be cut while nothing before it stays: from the first element to the latest.
    private var leading: Range<Int>?
    /// Where the latest element ended, once one stays.
    private var end: Int?

    /// Where all elements stand when none stays.
    var whole: Range<Int>? { leading }

    /// Takes the next element, where it stands without commas.
    mutating func pass(_ element: Range<Int>, isCut: Bool) {
        switch (isCut, end) {
        case (true, nil):
            leading = (leading ?? element).lowerBound..<element.upperBound
        case (true, let end?):
            ranges.append(end..<element.upperBound)
            self.end = element.upperBound
        case (false, _):
            // The comma after elements at the beginning goes with them.
            if let leading { ranges.append(leading.lowerBound..<element.lowerBound) }
            (leading, end) = (nil, element.upperBound)
        }
    }
}

/// The special tokens that a tokenizer.json puts around a text.
struct PostProcessor: Sendable {
    var before: [Int32] = []
    var after: [Int32] = []

    /// How many tokens it adds.
    var count: Int { before.count + after.count }

    /// Adds the tokens of a processor that comes after this one.
    mutating func wrap(_ outer: PostProcessor) {
        before = outer.before + before
        after += outer.after
    }
}

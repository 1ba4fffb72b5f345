import TurnoutEncoders

/// Prompts of a given number of tokens, cut from texts written for this project.
enum Prompts {
    /// Everyday English with numbers, code and a little Vietnamese: words that are one token and words that are not.
    private static let text = """
        Please summarise the following report in three short paragraphs for a reader who knows nothing about railways. \
        In 1997 the northern line carried 1,240 passengers a day; by 2019 that had grown to 18,730, and the signalling \
        equipment, most of it electromechanical, could no longer keep up. The operator's engineers proposed replacing \
        47 interlockings, re-profiling two junctions, and lengthening platforms from 120 m to 180 m. Would you have \
        approved the budget? Explain your reasoning step by step, and list any assumptions you've made. Then write a \
        Python function `def headway(trains, minutes): return minutes / max(trains - 1, 1)` with unit tests, handling \
        zero, negative and non-integer input gracefully. Finally, translate the conclusion into Vietnamese: "Tuyến \
        đường sắt phía bắc cần được nâng cấp trước năm 2030." Don't exceed 400 words; avoid jargon such as \
        "bidirectional reversible working" or "axle counters" unless you define them. What questions should the \
        committee ask next? Compare costs, risks, timetables, maintainability and passengers' comfort in a table.
        """

    /// The beginning of the text, repeated where it is too short, that has `count` tokens or a few more.
    static func prompt(ofTokens count: Int, _ tokenizer: WordPieceTokenizer) -> String {
        let words = text.split(separator: " ")
        var prompt = ""
        var next = 0
        while tokenizer.encode(prompt).count < count {
            prompt += (prompt.isEmpty ? "" : " ") + words[next % words.count]
            next += 1
        }
        return prompt
    }
}

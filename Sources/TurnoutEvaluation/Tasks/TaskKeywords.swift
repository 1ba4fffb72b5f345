public import TurnoutRouting

/// The rule that a task classifier must beat: the first task one of whose words stands in the prompt.
///
/// Tasks are asked in the order of the table, those with the most telling words first; a prompt with none of them is
/// chat.
public enum TaskKeywords {
    private static let table: [(task: TaskKind, words: [String])] = [
        (
            .translation,
            ["translat", "dịch", "dich sang", "traduc", "tradui", "übersetz", "翻訳", "翻译", "how do you say"]
        ),
        (
            .summarisation,
            ["summar", "tl;dr", "tldr", "tóm tắt", "tom tat", "resum", "résum", "zusammenfass", "要約", "总结", "概括"]
        ),
        (.extraction, ["extract", "trích", "extrae", "extrahier", "extrais", "抽出", "提取", "list all", "json"]),
        (
            .classification,
            ["classif", "categor", "label", "sentiment", "phân loại", "clasific", "klassifi", "分類", "分类", "spam"]
        ),
        (.code, ["code", "function", "python", "javascript", "java", "sql", "regex", "script", "compile", "git"]),
        (
            .reasoning,
            [
                "prove", "solve", "calculate", "how many", "probability", "equation", "tính", "giải", "calcul",
                "berechn", "証明", "证明",
            ]
        ),
        (
            .creative,
            ["write", "story", "poem", "essay", "viết", "escrib", "schreib", "écri", "書いて", "写一", "draft", "imagine"]
        ),
    ]

    /// The task that the rule sees in a text.
    public static func task(of text: String) -> TaskKind {
        let text = text.lowercased()
        return table.first { $0.words.contains { text.contains($0) } }?.task ?? .chat
    }
}

import Foundation
import TurnoutEvaluation

/// What `bench conversations` says of one kind of conversation.
struct ConversationSummary: Encodable {
    struct Line: Encodable {
        let rule: String
        let costUsd: Interval
        let quality: Interval
        let moves: Interval
        let saving: Interval
        let qualityGained: Interval
    }

    let kind: String
    let conversations: Int
    let turns: Int
    let rules: [Line]

    init(_ comparison: ConversationComparison) {
        kind = comparison.kind.name
        conversations = comparison.conversations
        turns = comparison.turns
        rules = comparison.lines.map {
            Line(
                rule: $0.rule.rawValue, costUsd: $0.cost, quality: $0.quality, moves: $0.moves, saving: $0.saving,
                qualityGained: $0.qualityGained)
        }
    }

    func text() -> String {
        func cell(_ interval: Interval, _ format: String, scale: Double = 1) -> String {
            let shown = [interval.value, interval.low, interval.high].map { String(format: format, $0 * scale) }
            return "\(shown[0]) [\(shown[1]), \(shown[2])]".padding(toLength: 28, withPad: " ", startingAt: 0)
        }
        let lines = rules.map { line in
            line.rule.padding(toLength: 8, withPad: " ", startingAt: 0) + cell(line.costUsd, "%.4f")
                + cell(line.saving, "%.1f", scale: 100) + cell(line.quality, "%.4f")
                + cell(line.qualityGained, "%+.4f") + cell(line.moves, "%.2f")
        }
        let heads = ["dollars a conversation", "saved of 'anew', %", "expected quality", "more than 'anew'", "moves"]
        let head = heads.map { $0.padding(toLength: 28, withPad: " ", startingAt: 0) }.joined()
        return (["\(kind): \(conversations) conversations, \(turns) turns", "        " + head] + lines)
            .joined(separator: "\n")
    }
}

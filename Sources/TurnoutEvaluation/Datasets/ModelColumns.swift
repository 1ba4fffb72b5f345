import Foundation
import TurnoutCore

/// Finds the models of a row that has a column for each answer, as RouteLLM's own files do.
///
/// Its benchmark tables have `MODEL` (True or False) beside `MODEL_response`; its judged answers have `MODEL_score` (1
/// to 5) beside `MODEL_response`. The answer's column is what tells such a score from any other number.
enum ModelColumns {
    private static let answer = "_response"

    /// Column -> model, for every model with an answer and a score.
    static func scores(in object: [String: Any]) -> [String: ModelID] {
        var result: [String: ModelID] = [:]
        for column in object.keys where column.hasSuffix(answer) && column.count > answer.count {
            let model = String(column.dropLast(answer.count))
            guard let score = [model, model + "_score"].first(where: { isScore(object[$0]) }) else { continue }
            result[score] = ModelID(model)
        }
        return result
    }

    private static func isScore(_ value: Any?) -> Bool {
        if let text = value as? String { return RowParser.scalar(text) != nil }
        return value is NSNumber
    }
}

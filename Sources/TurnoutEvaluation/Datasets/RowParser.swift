import Foundation
import TurnoutCore

/// Why a row cannot be read: a reason and its remedy, without file and line.
struct BadRow: Error {
    let reason: String
}

/// Makes outcome rows of JSON objects or CSV records.
struct RowParser {
    var columns: ColumnNames
    var groupBy: String?
    var timeField: String?
    var exclude: [String]
    var allowsBareText = false

    /// One row, or `nil` when a field in `exclude` is true.
    ///
    /// - Throws: ``BadRow``.
    func row(_ object: [String: Any], line: Int) throws -> OutcomeRow? {
        for field in exclude where isTrue(object[field]) { return nil }
        var row = OutcomeRow(prompt: try prompt(object), line: line)
        row.id = first(object, columns.id.map { [$0] } ?? ["id", "question_id"]).flatMap(plainText)
        row.label = object[columns.label ?? "label"].flatMap(plainText)
        row.category = object[columns.category ?? "category"].flatMap(plainText)
        row.group = groupBy.flatMap { object[$0] }.flatMap(plainText)
        row.time = try time(object)
        try readScores(object, into: &row)
        try readBattle(object, into: &row)
        if row.scores.isEmpty, row.battles.isEmpty, row.label == nil {
            for (column, model) in ModelColumns.scores(in: object) {
                if let value = object[column] { try read(value, of: model, into: &row) }
            }
        }
        let hasOutcome = !row.scores.isEmpty || !row.battles.isEmpty || row.label != nil || object["scores"] != nil
        guard allowsBareText || hasOutcome else {
            throw BadRow(reason: noOutcome(object))
        }
        row.costs = try numbers(object["cost_usd"], named: "cost_usd")
        row.latencies = try numbers(object["latency_s"], named: "latency_s")
        row.answerLengths = try numbers(object["output_chars"], named: "output_chars")
        row.verdicts = try numbers(object["verifier"], named: "verifier")
        row.tokens = try tokens(object["tokens"])
        return row
    }

    private func noOutcome(_ object: [String: Any]) -> String {
        if let label = columns.label, object[label] == nil {
            return
                "no '\(label)', which --label-column names, but \(fields(object)); name the column that holds the label"
        }
        let label = columns.label ?? "label"
        let found =
            object[label] == nil ? "nor a label, but \(fields(object))" : "and '\(label)' is no text and no number"
        return """
            neither scores, nor model_a, model_b and winner, \(found); docs/data.md has the three kinds of row, and \
            --score-column COLUMN=MODEL names a column of scores
            """
    }

    /// The names of a row's fields, for messages; never what stands in them.
    private func fields(_ object: [String: Any]) -> String {
        guard !object.isEmpty else { return "no field at all" }
        let names = object.keys.sorted()
        return names.prefix(8).map { "'\($0.prefix(40))'" }.joined(separator: ", ") + (names.count > 8 ? ", …" : "")
    }

    private func time(_ object: [String: Any]) throws -> Double? {
        guard let timeField else { return nil }
        guard let value = object[timeField], !(value is NSNull) else {
            throw BadRow(reason: "the row lacks '\(timeField)', the field of its time; it has \(fields(object))")
        }
        guard let time = TimeStamp.seconds(value) else {
            throw BadRow(reason: "'\(timeField)' is no time; write a date such as 2024-05-01T12:30:00Z, or a number")
        }
        return time
    }

    // MARK: - Text

    private func prompt(_ object: [String: Any]) throws -> String {
        let names = columns.text.map { [$0] } ?? ["prompt", "messages", "text", "question", "conversation_a"]
        guard let name = names.first(where: { object[$0].map { !($0 is NSNull) } ?? false }), var value = object[name]
        else {
            throw BadRow(
                reason: """
                    no \(names.prefix(3).map { "'\($0)'" }.joined(separator: " or ")), but \(fields(object)); name the column \
                    that holds the text with --text-column
                    """)
        }
        // Arena's files keep a conversation as JSON in a text. What is no such list is a prompt like any other.
        if object["model_a"] != nil, let text = value as? String, text.hasPrefix("["),
            let turns = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [Any]
        {
            value = turns.filter { !($0 is NSNull) }
        }
        return try self.text(of: value, isBattle: name == "conversation_a")
    }

    private func text(of value: Any, isBattle: Bool) throws -> String {
        if let text = value as? String {
            guard !text.allSatisfy(\.isWhitespace) else { throw BadRow(reason: "the prompt is empty; remove the row") }
            return text
        }
        if let turns = value as? [String], let first = turns.first, !first.allSatisfy(\.isWhitespace) { return first }
        // What a battle's later turns say depends on what its models answered; a request's last turn is what it asks.
        if let messages = value as? [[String: Any]],
            let text = userText(isBattle ? messages : messages.reversed())
        {
            return text
        }
        throw BadRow(reason: "the prompt is neither a text nor a list of messages with a user message in it")
    }

    /// The text of the first user message; parts of a message are joined by line ends.
    private func userText(_ messages: [[String: Any]]) -> String? {
        guard let message = messages.first(where: { $0["role"] as? String == "user" }) else { return nil }
        if let text = message["content"] as? String { return text.allSatisfy(\.isWhitespace) ? nil : text }
        guard let parts = message["content"] as? [[String: Any]] else { return nil }
        let text = parts.compactMap { $0["text"] as? String }.joined(separator: "\n")
        return text.allSatisfy(\.isWhitespace) ? nil : text
    }

    private func first(_ object: [String: Any], _ names: [String]) -> Any? {
        for name in names { if let value = object[name], !(value is NSNull) { return value } }
        return nil
    }

    private func plainText(_ value: Any) -> String? {
        if let text = value as? String { return text.isEmpty ? nil : text }
        guard let number = value as? NSNumber else { return nil }
        switch UInt8(bitPattern: number.objCType.pointee) {
        case UInt8(ascii: "c"), UInt8(ascii: "B"): return number.boolValue ? "true" : "false"
        case UInt8(ascii: "d"), UInt8(ascii: "f"):
            return Int(exactly: number.doubleValue).map(String.init) ?? number.stringValue
        default: return number.stringValue
        }
    }

    private func isTrue(_ value: Any?) -> Bool {
        if let text = value as? String { return ["true", "1", "yes"].contains(text.lowercased()) }
        if let number = value as? NSNumber { return number.doubleValue != 0 }
        return false
    }

    // MARK: - Scores

    private func readScores(_ object: [String: Any], into row: inout OutcomeRow) throws {
        if let value = object["scores"], !(value is NSNull) {
            let value = try nested(value, named: "scores")
            for (model, score) in value { try read(score, of: ModelID(model), into: &row) }
        }
        for (column, value) in object {
            if let model = columns.scores[column] {
                try read(value, of: model, into: &row)
            } else if column.hasPrefix("score:"), column.count > 6 {
                try read(value, of: ModelID(String(column.dropFirst(6))), into: &row)
            }
        }
    }

    private func read(_ value: Any, of model: ModelID, into row: inout OutcomeRow) throws {
        if value is NSNull { return }
        if let text = value as? String, text.allSatisfy(\.isWhitespace) { return }
        if let list = value as? [Any] {
            let samples = try list.map { try number($0, named: "scores of '\(model)'") }
            guard !samples.isEmpty else { return }
            row.samples[model] = samples
            row.scores[model] = samples.reduce(0, +) / Double(samples.count)
        } else {
            row.scores[model] = try number(value, named: "score of '\(model)'")
        }
    }

    private func number(_ value: Any, named name: String) throws -> Double {
        let number = (value as? NSNumber)?.doubleValue ?? (value as? String).flatMap(Self.scalar)
        guard let number, number.isFinite else {
            throw BadRow(reason: "the \(name) is not a finite number; write a number, or null where there is none")
        }
        return number
    }

    /// A number in a text, 1 for `true` and 0 for `false`.
    static func scalar(_ text: String) -> Double? {
        let text = text.trimmingCharacters(in: .whitespaces)
        switch text.lowercased() {
        case "true": return 1
        case "false": return 0
        default: return Double(text)
        }
    }

    /// A JSON object, also when it stands as text in a CSV field.
    private func nested(_ value: Any, named name: String) throws -> [String: Any] {
        if let object = value as? [String: Any] { return object }
        if let text = value as? String, text.allSatisfy(\.isWhitespace) { return [:] }
        if let text = value as? String,
            let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        {
            return object
        }
        throw BadRow(reason: "'\(name)' is not an object of model and number, such as {\"gpt-5\": 1, \"small\": 0}")
    }

    private func numbers(_ value: Any?, named name: String) throws -> [ModelID: Double] {
        guard let value, !(value is NSNull), !(value is NSNumber) else { return [:] }
        var result: [ModelID: Double] = [:]
        for (model, element) in try nested(value, named: name) where !(element is NSNull) {
            result[ModelID(model)] = try number(element, named: "\(name) of '\(model)'")
        }
        return result
    }

    private func tokens(_ value: Any?) throws -> [ModelID: TokenUsage] {
        guard let value, !(value is NSNull), !(value is NSNumber) else { return [:] }
        var result: [ModelID: TokenUsage] = [:]
        for (model, element) in try nested(value, named: "tokens") {
            guard let pair = element as? [NSNumber], pair.count == 2, pair.allSatisfy({ $0.intValue >= 0 }) else {
                continue
            }
            result[ModelID(model)] = TokenUsage(input: pair[0].intValue, output: pair[1].intValue)
        }
        return result
    }

    // MARK: - Battles

    private func readBattle(_ object: [String: Any], into row: inout OutcomeRow) throws {
        guard let a = object["model_a"].flatMap(plainText), let b = object["model_b"].flatMap(plainText) else { return }
        guard a != b else { throw BadRow(reason: "model_a and model_b are the same model; remove the row") }
        row.battles = [Battle(ModelID(a), ModelID(b), try outcome(object, a, b))]
    }

    private func outcome(_ object: [String: Any], _ a: String, _ b: String) throws -> Battle.Outcome {
        if let winner = object["winner"].flatMap(plainText) {
            switch winner.lowercased() {
            case "a", "model_a", a.lowercased(): return .a
            case "b", "model_b", b.lowercased(): return .b
            case "tie", "both_bad", "tie (bothbad)", "tie (both_bad)": return .tie
            default:
                throw BadRow(
                    reason: "the winner is '\(winner.prefix(40))'; expected a, b or tie, or the name of either model")
            }
        }
        let marks: [(String, Battle.Outcome)] = [
            ("winner_model_a", .a), ("winner_model_b", .b), ("winner_tie", .tie),
        ]
        let set = marks.filter { isTrue(object[$0.0]) }
        guard set.count < 2 else {
            throw BadRow(reason: "\(set.map(\.0).joined(separator: " and ")) are both set; a battle ends in one way")
        }
        guard let outcome = set.first?.1 else {
            throw BadRow(reason: "model_a and model_b are given, but no winner; expected a, b or tie in 'winner'")
        }
        return outcome
    }
}

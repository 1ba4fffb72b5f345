import Foundation
import TurnoutCore
import TurnoutEvaluation

/// Texts with a class each, and the model that stands for each class.
struct LabelledTexts {
    let texts: [String]
    /// The class of each text.
    let labels: [Int]
    /// The names of the classes, those of the weakest model first.
    let classes: [String]
    /// The models, weakest first.
    let models: [ModelID]
    /// For each class, the place of its model.
    let modelOfClass: [Int]

    /// Reads the labels of rows.
    ///
    /// Without a map, classes are called after their models: numbers ascending, other names in the order in which they
    /// first come.
    ///
    /// - Throws: `TurnoutError` with code `.invalidData` for a row without a label or with one that the map lacks,
    ///   `.insufficientData` for fewer than two classes, `.invalidArgument` for a class that no row has.
    init(_ rows: [OutcomeRow], classMap: [(className: String, model: ModelID)]) throws {
        let names = try rows.map { row in
            guard let label = row.label else {
                throw TurnoutError(
                    .invalidData,
                    "\(row.place): the row has no label; a setfit router learns from {\"text\": …, \"label\": …}")
            }
            return label
        }
        var seen: [String] = []
        for name in names where !seen.contains(name) { seen.append(name) }
        guard seen.count > 1 else {
            throw TurnoutError(
                .insufficientData,
                "every row has the label '\(seen.first ?? "")'; a router chooses between two classes or more")
        }
        let numbers = seen.compactMap(Double.init)
        let ordered = numbers.count == seen.count ? seen.sorted { (Double($0) ?? 0) < (Double($1) ?? 0) } : seen
        let map = classMap.isEmpty ? ordered.map { ($0, ModelID($0)) } : classMap.map { ($0.className, $0.model) }
        let place = Dictionary(map.enumerated().map { ($1.0, $0) }, uniquingKeysWith: { first, _ in first })
        if let (row, name) = zip(rows, names).first(where: { place[$0.1] == nil }) {
            let known = map.map(\.0).joined(separator: ", ")
            throw TurnoutError(
                .invalidData,
                "\(row.place): label '\(name)' has no model; the map has \(known). Add it to the map, or leave the row out"
            )
        }
        if let (name, _) = map.first(where: { !seen.contains($0.0) }) {
            throw TurnoutError(
                .invalidArgument,
                "no row has the label '\(name)' of the map; the data has \(seen.joined(separator: ", "))")
        }
        self.texts = rows.map(\.prompt)
        self.labels = names.compactMap { place[$0] }
        self.classes = map.map(\.0)
        let ladder = map.map(\.1).reduce(into: [ModelID]()) { if !$0.contains($1) { $0.append($1) } }
        guard ladder.count > 1 else {
            throw TurnoutError(
                .invalidArgument, "every class goes to '\(ladder[0].name)'; map at least one class to another model")
        }
        self.models = ladder
        self.modelOfClass = map.compactMap { ladder.firstIndex(of: $0.1) }
    }
}

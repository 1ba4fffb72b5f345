import Foundation
import Testing
import TurnoutCore
import TurnoutEvaluation
import TurnoutRouting
import TurnoutTraining

/// The embedded default on everyday prompts that it was not trained on.
struct EverydayPromptsTests {
    private static let recipes = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Recipes")

    private func rows(_ name: String) throws -> [OutcomeRow] {
        let file = try #require(
            Bundle.module.url(forResource: name, withExtension: "jsonl", subdirectory: "Fixtures"))
        return try OutcomeTable(paths: [file.path]).rows
    }

    @Test("complex prompts score above simple ones, in both languages", arguments: ["everyday", "everyday-2"])
    func order(name: String) throws {
        let rows = try rows(name)
        #expect(rows.count == 120)
        let auc = try LabelledOrder.auc(of: RouterArtifact.embeddedDefault(), rows: rows, hardLabel: "complex")
        #expect(auc.router.value >= 0.85)
        #expect(auc.length.value < 0.65, "length must not give the label away")
    }

    @Test(
        "no training prompt shares half of its words with a test prompt",
        arguments: ["everyday", "everyday-2"])
    func apart(name: String) throws {
        func words(_ text: String) -> Set<Substring> {
            Set(text.lowercased().split { !$0.isLetter && !$0.isNumber })
        }
        let tests = try rows(name).map { words($0.prompt) }
        let files = try FileManager.default.contentsOfDirectory(at: Self.recipes, includingPropertiesForKeys: nil)
        for file in files where file.pathExtension == "jsonl" && file.lastPathComponent.contains("prompts") {
            for row in try OutcomeTable(paths: [file.path]).rows {
                let training = words(row.prompt)
                let nearest =
                    tests.map { Double($0.intersection(training).count) / Double($0.union(training).count) }.max() ?? 0
                #expect(nearest < 0.5, "\(file.lastPathComponent), line \(row.line)")
            }
        }
    }
}

import Foundation
import Testing

struct CatalogueCommandTests {
    private static let root = DocumentationTests.root

    @Test("one model is shown with all that is known of it, and what is not known is said")
    func shown() async throws {
        let result = try await TurnoutProcess.run(shell: "turnout models catalogue openai/gpt-5", in: Self.root)
        #expect(result.status == 0 && result.standardOutput.hasPrefix("openai gpt-5\n"))
        #expect(result.standardOutput.contains("$1.25") && result.standardOutput.contains("unknown"))
        let json = try await TurnoutProcess.run(
            shell: "turnout models catalogue --provider deepseek --json", in: Self.root)
        let lines = json.standardOutput.split(separator: "\n")
        #expect(lines.count > 2 && lines.allSatisfy { $0.hasPrefix("{\"provider\":\"deepseek\",\"id\":\"") })
    }

    @Test("a model that is not known is exit code 1, half of --build is exit code 2, a bad list is exit code 3")
    func refused() async throws {
        for (arguments, status) in [
            ("no-such-model", 1), ("--build README.md", 2), ("--day 2026-01-01", 2),
            ("--build README.md -o /dev/null", 3),
        ] as [(String, Int32)] {
            let result = try await TurnoutProcess.run(shell: "turnout models catalogue \(arguments)", in: Self.root)
            #expect(result.status == status && !result.standardError.isEmpty, "\(arguments)")
        }
    }

    /// The list of prices among the development data: in `TURNOUT_DATA`, or `../shared/data` beside the package.
    private static let list: String? = {
        let folder =
            ProcessInfo.processInfo.environment["TURNOUT_DATA"] ?? root.appending(path: "../shared/data").path
        let path = "\(folder)/prices/genai_prices_slim.json"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }()

    @Test(
        "the catalogue in the repository is what the command makes of the list",
        .enabled(if: list != nil, "set TURNOUT_DATA to the folder of the development data to run this"))
    func made() async throws {
        let list = try #require(Self.list)
        let file = FileManager.default.temporaryDirectory.appending(path: "catalogue-\(UUID()).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        let result = try await TurnoutProcess.run(
            shell: """
                turnout models catalogue --build '\(list)' --overlay Recipes/catalogue-overlay.jsonl --day 2026-11-29 \
                -o '\(file.path)'
                """, in: Self.root)
        #expect(result.status == 0, "\(result.standardError)")
        let kept = Self.root.appending(path: "Sources/CTurnoutDefaults/catalogue.jsonl")
        #expect(try Data(contentsOf: file) == Data(contentsOf: kept))
    }
}

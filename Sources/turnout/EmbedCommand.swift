import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEncoders
import TurnoutNumerics
import TurnoutTraining

struct EmbedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Turns texts into vectors: one a line in, one JSON object a line out, in the same order.",
        discussion: """
            Example: turnout embed --encoder sentence-transformers/all-MiniLM-L6-v2 < prompts.txt > vectors.jsonl
            A line is a bare text, or a JSON object with "prompt", "text" or "messages". With -o FILE.safetensors the \
            vectors become one tensor 'embeddings', a row a line.
            """)

    @Argument(help: "File of texts; standard input when left out.")
    var input: String?

    @OptionGroup var choice: EncoderOptions

    @Option(
        help: "How a transformer's weights are kept: float32, bfloat16 or int8.",
        transform: { name in
            guard let storage = WeightStorage(rawValue: name) else {
                throw ValidationError("--weights is '\(name)', but must be float32, bfloat16 or int8")
            }
            return storage
        })
    var weights = WeightStorage.float32

    @OptionGroup var threads: ThreadOptions

    @Option(name: [.short, .customLong("output")], help: "Safetensors file for the vectors, instead of JSON lines.")
    var output: String?

    @Flag(help: "Shows no progress.")
    var quiet = false

    /// Lines that are read before they are encoded together.
    private static let block = 1024

    func validate() throws {
        if let output, !output.hasSuffix(".safetensors") {
            throw ValidationError(
                "--output is '\(output)', but must end in .safetensors; JSON lines go to standard output")
        }
    }

    func run() async throws {
        try OutputFiles.check(["--output": output], inputs: [choice.encoder] + [input].compactMap { $0 })
        let encoder = try choice.load(.init(storage: weights, threads: threads.count))
        let progress = quiet ? nil : ProgressLine()
        defer { progress?.finish() }
        var vectors: [Float] = []
        var count = 0
        try forEachBlock { texts in
            let matrix = encoder.encode(texts)
            if output == nil { try write(matrix, from: count) } else { vectors += matrix.storage }
            count += texts.count
            progress?.report(TrainingProgress(stage: .encoding, completed: count, total: 0))
        }
        guard let output else { return }
        var file = SafetensorsBuilder()
        file.metadata = ["encoder": encoder.name, "encoder_sha256": encoder.fingerprint]
        try file.add("embeddings", floats: vectors, shape: [count, encoder.dimension])
        try file.write(to: output)
    }

    private func forEachBlock(_ body: ([String]) throws -> Void) throws {
        if let input {
            let file = open(input, O_RDONLY)
            guard file >= 0, dup2(file, STDIN_FILENO) >= 0 else {
                throw TurnoutError(.io, "\(input): the file cannot be read; check the path")
            }
            close(file)
        }
        var texts: [String] = []
        var number = 0
        while let line = readLine() {
            number += 1
            texts.append(try PromptLine.text(of: line, number: number))
            if texts.count == Self.block {
                try body(texts)
                texts.removeAll(keepingCapacity: true)
            }
        }
        if !texts.isEmpty { try body(texts) }
    }

    private func write(_ matrix: Matrix, from first: Int) throws {
        var lines = ""
        for row in 0..<matrix.rows {
            let numbers = matrix[row: row].map(\.description).joined(separator: ",")
            lines += "{\"index\":\(first + row),\"embedding\":[\(numbers)]}\n"
        }
        try FileHandle.standardOutput.write(contentsOf: Data(lines.utf8))
    }
}

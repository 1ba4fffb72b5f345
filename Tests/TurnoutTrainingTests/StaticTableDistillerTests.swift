import Foundation
import Testing
import TurnoutCore
import TurnoutEncoders
import TurnoutNumerics

@testable import TurnoutTraining

/// A table from a transformer of random weights with a vocabulary of two dozen tokens.
@Suite("Distilling a static table")
final class StaticTableDistillerTests {
    private let folder: URL
    private static let vocabulary =
        "[PAD] [UNK] [CLS] [SEP] [MASK] ! ? a b the of what is plus prove lemma sets ##s ##1 ##2 1 2 3 4"
        .split(separator: " ").map(String.init)

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("turnout-\(UUID().uuidString)/model")
        let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "TurnoutEncodersTests/Fixtures/Transformer/bert")
        try FileManager.default.createDirectory(
            at: folder.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: fixture, to: folder)
        try write("vocab.txt", Self.vocabulary.joined(separator: "\n") + "\n")
    }

    deinit { try? FileManager.default.removeItem(at: folder.deletingLastPathComponent()) }

    private func write(_ name: String, _ text: String) throws {
        try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }

    private func table(
        dimensions: Int, threads: Int = 1, _ change: (inout StaticTableDistiller.Options) -> Void = { _ in }
    ) throws -> StaticTableDistiller.Table {
        var options = StaticTableDistiller.Options()
        options.dimensions = dimensions
        options.threads = threads
        change(&options)
        return try StaticTableDistiller(options: options).distil(
            TransformerEncoder(folder: folder.path, options: .init(threads: threads)))
    }

    @Test("rows lie as far apart as the transformer's states of the tokens, when no axis is left out")
    func distances() throws {
        let count = Self.vocabulary.count
        let file = try SafetensorsFile(bytes: table(dimensions: 64).file.serialized())
        let weights = TokenWeights.weights(of: Self.vocabulary)
        let scales = try file.floats("scale")
        let stored = try file.tensor("embedding").integers()
        let states = try TransformerEncoder(folder: folder.path).states(
            of: (0..<count).map { [2, Int32($0), 3] }, at: 1)
        func distance(_ a: [Double], _ b: [Double]) -> Double {
            zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        }
        func row(_ id: Int) -> [Double] {
            (0..<64).map { Double(stored[id * 64 + $0]) * Double(scales[id]) / weights[id] }
        }
        func state(_ id: Int) -> [Double] { states[row: id].map(Double.init) }
        let unit = distance(row(5), row(6)) / distance(state(5), state(6))
        for a in 5..<count {
            for b in 5..<a {
                let (found, expected) = (distance(row(a), row(b)), unit * distance(state(a), state(b)))
                #expect(abs(found - expected) < 0.02 * expected, "\(a) and \(b)")
            }
        }
    }

    @Test("the table is an encoder that knows where it comes from")
    func card() throws {
        try write("README.md", "---\nlanguage: en\nlicense: \"mit\"\ntags:\n---\nlicense: none\n")
        let table = try table(dimensions: 8)
        let file = try SafetensorsFile(bytes: table.file.serialized())
        let encoder = try StaticEncoder(file: file)
        #expect(encoder.fingerprint == table.fingerprint && encoder.dimension == 8 && table.licence == "mit")
        #expect(table.tokens == Self.vocabulary.count && (0.2..<0.999).contains(table.keptVariance))
        #expect(encoder.metadata["licence"] == "mit" && encoder.metadata["source_model"] == "model")
        #expect(
            try encoder.metadata["source_sha256"] == TransformerEncoder(folder: folder.path).fingerprint)
        #expect(encoder.encode("[PAD][CLS]") == [Float](repeating: 0, count: 8))
        #expect(encoder.encode("what is 1?") != encoder.encode("prove the lemmas"))
        let named = try self.table(dimensions: 8) {
            $0.modelName = "someone/small"
            $0.licence = "Apache-2.0"
        }
        #expect(named.file.metadata["source_model"] == "someone/small" && named.licence == "Apache-2.0")
        #expect(named.fingerprint == table.fingerprint)
    }

    @Test("the table is the same on any number of threads, byte for byte")
    func threads() throws {
        #expect(try table(dimensions: 9).file.serialized() == table(dimensions: 9, threads: 3).file.serialized())
    }

    @Test("what cannot be distilled is refused in a sentence")
    func refusals() throws {
        for dimensions in [0, 65] {
            let error = #expect(throws: TurnoutError.self) { try table(dimensions: dimensions) }
            #expect(error?.code == .invalidArgument && error?.message.contains("from 1 to 64") == true)
        }
        try write("tokenizer_config.json", #"{"do_lower_case": false}"#)
        let error = #expect(throws: TurnoutError.self) { try table(dimensions: 8) }
        #expect(error?.code == .unsupported && error?.message.contains("uncased BERT") == true)
    }

    @Test("tokens count by Zipf's law from the first word on, characters by a constant, brackets not at all")
    func weights() {
        let weights = TokenWeights.weights(of: ["[PAD]", "[unused1]", "[", "é", "the", "##s", "x"])
        let shares = [1 / 3.7, 1 / 4.7, 1 / 5.7]
        let total = shares.reduce(0, +)
        #expect(weights[0] == 0 && weights[1] == 0)
        #expect(abs(weights[2] - 0.01 / 0.011) < 1e-12 && weights[3] == weights[2])
        for (weight, share) in zip(weights[4...], shares) {
            #expect(abs(weight - 0.01 / (0.01 + share / total)) < 1e-12)
        }
    }
}

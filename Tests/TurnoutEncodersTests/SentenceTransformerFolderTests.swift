import Foundation
import Testing
import TurnoutCore
import TurnoutNumerics

@testable import TurnoutEncoders

@Suite("Writing folders of sentence-transformers and SetFit")
struct SentenceTransformerFolderTests {
    static let texts = ["abc de", "fgh", "a b c d e f g h i j k l m n o p q r s t u v w x y z"]

    /// The BERT of the fixtures with a vocabulary of letters, so that it reads texts.
    static func withBase<Result>(_ body: (_ base: URL, _ target: String) throws -> Result) throws -> Result {
        try Fixture.withTemporaryFolder { parent in
            let base = parent.appendingPathComponent("base")
            try FileManager.default.copyItem(at: Fixture.url("Transformer/bert"), to: base)
            let letters = (UInt8(ascii: "a")...UInt8(ascii: "z")).map { String(UnicodeScalar($0)) }
            let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + letters + letters.map { "##\($0)" }
            try Data((words.joined(separator: "\n") + "\n").utf8).write(to: base.appendingPathComponent("vocab.txt"))
            try Data(#"{"do_lower_case": true, "model_max_length": 40, "tokenizer_class": "BertTokenizer"}"#.utf8)
                .write(to: base.appendingPathComponent("tokenizer_config.json"))
            return try body(base, parent.appendingPathComponent("tuned").path)
        }
    }

    /// One layer's weights, turned about.
    static func tuned(_ base: URL) throws -> [String: [Float]] {
        let file = try SafetensorsFile(contentsOf: base.appendingPathComponent("model.safetensors").path)
        let name = "encoder.layer.1.output.dense.weight"
        return [name: try file.floats("bert.\(name)").map { -0.5 * $0 }]
    }

    static func head(_ classes: [ClassLabel], columns: Int = 64) throws -> ClassificationHead {
        let rows = classes.count == 2 ? 1 : classes.count
        let weights = (0..<rows * columns).map { Float(($0 * 37) % 19 - 9) / 3 }
        return try ClassificationHead(
            classes: classes, weights: Matrix(rows: rows, columns: columns, storage: weights),
            bias: (0..<rows).map { Float($0) / 4 })
    }

    @Test("what was written opens with the tuned weights, the others as they were, and the head")
    func roundTrip() throws {
        try Self.withBase { base, target in
            let tuned = try Self.tuned(base)
            let head = try Self.head([.integer(0), .integer(1)])
            try SentenceTransformerFolder(
                base: base.path, tuned: tuned, head: .init(head, labels: ["simple", "complex"])
            ).write(to: target)
            let classifier = try SentenceClassifier(folder: target)
            #expect(classifier.head == head && classifier.labels == ["simple", "complex"])
            let before = try TransformerEncoder(folder: base.path).encode(Self.texts)
            let after = classifier.encoder.encode(Self.texts)
            #expect(before != after)
            let file = try SafetensorsFile(contentsOf: "\(target)/model.safetensors")
            let old = try SafetensorsFile(contentsOf: base.appendingPathComponent("model.safetensors").path)
            #expect(Set(file.names) == Set(old.names))
            for name in old.names where !tuned.keys.contains(where: name.hasSuffix) {
                #expect(try file.floats(name) == old.floats(name))
            }
            let expected = Self.texts.indices.map { head.probabilities(of: Array(after[row: $0])) }
            #expect(classifier.classify(Self.texts) == expected)
        }
    }

    @Test("weights of 16 bits become those of 32 that we compute with, and the configuration says so")
    func kinds() throws {
        try Self.withBase { base, target in
            let config = base.appendingPathComponent("config.json")
            let text = try String(contentsOf: config, encoding: .utf8)
            try Data(
                text.replacingOccurrences(
                    of: "{\n", with: "{\n  \"dtype\": \"float16\",\n", options: [], range: text.range(of: "{\n")
                ).utf8
            )
            .write(to: config)
            try SentenceTransformerFolder(base: base.path, tuned: [:]).write(to: target)
            let file = try SafetensorsFile(contentsOf: "\(target)/model.safetensors")
            #expect(try file.names.allSatisfy { try file.tensor($0).dtype == .f32 })
            let fields = try JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(fileURLWithPath: "\(target)/config.json")))
            #expect((fields as? [String: Any])?["dtype"] as? String == "float32")
            let (old, new) = (try TransformerEncoder(folder: base.path), try TransformerEncoder(folder: target))
            #expect(old.encode(Self.texts) == new.encode(Self.texts))
        }
    }

    @Test("a folder without sentence files gets those that say what it does, and shards become one file")
    func bare() throws {
        try Fixture.withTemporaryFolder { parent in
            let target = parent.appendingPathComponent("tuned").path
            let base = try Fixture.url("Transformer/xlm-roberta").path
            try SentenceTransformerFolder(base: base, tuned: [:]).write(to: target)
            let written = try SentenceConfiguration(folder: ModelFolder(path: target))
            #expect(written.pooling == .mean && !written.normalises && written.modulePaths == ["", "1_Pooling"])
            #expect(!ModelFolder(path: target).has("model.safetensors.index.json"))
            #expect(!ModelFolder(path: target).has("model_head.pkl"))
        }
    }

    @Test("tensors that the base does not have, or has in another size, leave nothing behind")
    func misfits() throws {
        try Self.withBase { base, target in
            for tuned in [["nowhere.weight": [Float(1)]], ["encoder.layer.1.output.dense.bias": [1, 2]]] {
                let error = #expect(throws: TurnoutError.self) {
                    try SentenceTransformerFolder(base: base.path, tuned: tuned).write(to: target)
                }
                #expect(error?.code == .invalidArgument)
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: base.deletingLastPathComponent().path)
            #expect(left == ["base"])
        }
    }

    @Test("a folder that is there is not written over")
    func taken() throws {
        try Self.withBase { base, target in
            let folder = SentenceTransformerFolder(base: base.path, tuned: [:])
            try folder.write(to: target)
            let error = #expect(throws: TurnoutError.self) { try folder.write(to: target) }
            #expect(error?.code == .io)
            let left = try FileManager.default.contentsOfDirectory(atPath: base.deletingLastPathComponent().path)
            #expect(left.sorted() == ["base", "tuned"])
        }
    }

    @Test("heads that are missing, of another width or that differ are refused")
    func heads() throws {
        try Self.withBase { base, target in
            #expect(throws: TurnoutError.self) { try SentenceClassifier(folder: base.path) }
            let head = try Self.head([.text("no"), .text("yes")])
            try SentenceTransformerFolder(base: base.path, tuned: [:], head: .init(head)).write(to: target)
            #expect(try SentenceClassifier(folder: target).labels == ["no", "yes"])
            let pickle = URL(fileURLWithPath: "\(target)/model_head.pkl")
            let narrow = try Self.head([.text("no"), .text("yes")], columns: 8)
            try Data(narrow.pickled()).write(to: pickle)
            let differing = #expect(throws: TurnoutError.self) { try SentenceClassifier(folder: target) }
            #expect(differing?.message.contains("two heads that differ") == true)
            try FileManager.default.removeItem(atPath: "\(target)/model_head.safetensors")
            let misfit = #expect(throws: TurnoutError.self) { try SentenceClassifier(folder: target) }
            #expect(misfit?.message.contains("vectors of 8 numbers") == true)
            try Data("\u{80}\u{2}cos\nsystem\n.".unicodeScalars.map { UInt8($0.value) }).write(to: pickle)
            let evil = #expect(throws: TurnoutError.self) { try SentenceClassifier(folder: target) }
            #expect(evil?.message.contains("os.system") == true)
            try FileManager.default.removeItem(at: pickle)
            #expect(throws: TurnoutError.self) { try SentenceClassifier(folder: target) }
        }
    }

    @Test("a head on vectors of length 1 sees them so")
    func normalised() throws {
        try Self.withBase { base, target in
            try Data(#"[{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"}]"#.utf8)
                .write(to: base.appendingPathComponent("modules.json"))
            let head = try Self.head([.integer(0), .integer(1), .integer(2)])
            try SentenceTransformerFolder(base: base.path, tuned: [:], head: .init(head, normalises: true))
                .write(to: target)
            let classifier = try SentenceClassifier(folder: target)
            let vector = classifier.encoder.encode(Self.texts[0])
            let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            #expect(classifier.classify([Self.texts[0]]) == [head.probabilities(of: vector.map { $0 / length })])
        }
    }
}

/// Python opens what we wrote, and answers the same.
///
/// `TURNOUT_PYTHON`: a Python with setfit and sentence-transformers; `.venv/bin/python` if not set.
@Suite("Folders beside Python's SetFit")
struct SetFitLibraryTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private static let python =
        ProcessInfo.processInfo.environment["TURNOUT_PYTHON"] ?? root.appendingPathComponent(".venv/bin/python").path

    private static let hasLibrary: Bool = {
        guard FileManager.default.isExecutableFile(atPath: python) else { return false }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        let search = "import importlib.util as u, sys; sys.exit(not (u.find_spec('setfit') and u.find_spec('sklearn')))"
        process.arguments = ["-c", search]
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    private struct Answer: Decodable {
        let vectors: [[Float]]
        let probabilities: [[Double]]
        let predictions: [String]
    }

    @Test(
        "SentenceTransformer gives the same vectors, SetFitModel the same probabilities and labels",
        .enabled(if: hasLibrary, "SKIPPED: no Python with setfit and sentence-transformers; set TURNOUT_PYTHON"),
        .timeLimit(.minutes(20)),
        arguments: [[ClassLabel.integer(0), .integer(1)], [.text("dễ"), .text("hard"), .text("x")]])
    func opens(classes: [ClassLabel]) throws {
        try SentenceTransformerFolderTests.withBase { base, target in
            let head = try SentenceTransformerFolderTests.head(classes)
            let labels = classes.count == 2 ? ["simple", "complex"] : nil
            try SentenceTransformerFolder(
                base: base.path, tuned: SentenceTransformerFolderTests.tuned(base), head: .init(head, labels: labels)
            ).write(to: target)
            let classifier = try SentenceClassifier(folder: target)
            let texts = SentenceTransformerFolderTests.texts
            let answer = try Self.ask(target, texts)
            let vectors = classifier.encoder.encode(texts)
            for (row, vector) in answer.vectors.enumerated() {
                #expect(zip(vectors[row: row], vector).allSatisfy { abs($0 - $1) < 1e-5 })
            }
            for (ours, theirs) in zip(classifier.classify(texts), answer.probabilities) {
                #expect(zip(ours, theirs).allSatisfy { abs($0 - $1) < 1e-4 }, "\(ours) \(theirs)")
            }
            let best = classifier.classify(texts).map { shares in shares.indices.max { shares[$0] < shares[$1] } ?? 0 }
            #expect(best.map { classifier.labels[$0] } == answer.predictions)
        }
    }

    private static func ask(_ folder: String, _ texts: [String]) throws -> Answer {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [root.appendingPathComponent("Reference/open_setfit_folder.py").path, folder] + texts
        process.environment = ProcessInfo.processInfo.environment.merging(["HF_HUB_OFFLINE": "1"]) { $1 }
        process.standardOutput = output
        try process.run()
        let answer = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try JSONDecoder().decode(Answer.self, from: answer)
    }
}

import Foundation
import Testing
import TurnoutCore
import TurnoutEncoders
import TurnoutRouting

struct TaskClassifierTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    // None of these stands in the training data.
    @Test(
        "plain examples of each task are told right",
        arguments: [
            (
                TaskKind.classification,
                "Is the sentiment of this tweet positive or negative? \"Best concert of my life\""
            ),
            (.classification, "Phân loại email này: quảng cáo, công việc hay cá nhân?"),
            (.extraction, "Extract all names and dates from the following contract."),
            (.extraction, "Trích xuất tên và địa chỉ từ hóa đơn dưới đây"),
            (.summarisation, "Summarize the article below in three sentences."),
            (.summarisation, "Tóm tắt bài viết dưới đây trong ba câu"),
            (.translation, "Translate this sentence into Italian: the library opens at nine."),
            (.translation, "Dịch câu sau sang tiếng Pháp: tôi rất vui"),
            (.code, "Write a Python function that removes duplicates from a list."),
            (.code, "Viết hàm JavaScript tính giai thừa"),
            (.reasoning, "A shop sells pens at 3 for 2 dollars. How many pens can you buy with 14 dollars?"),
            (.reasoning, "Giải phương trình 3x + 7 = 22"),
            (.creative, "Write a short story about a dragon who collects teacups."),
            (.creative, "Viết một bài thơ về biển mùa đông"),
            (.chat, "Hi, how was your day?"),
            (.chat, "Chào bạn, bạn khỏe không?"),
        ])
    func plain(task: TaskKind, text: String) throws {
        let estimate = try Self.embedded().classify(text)
        #expect(estimate.task == task, "\(estimate.ranked.prefix(3)) \(estimate.probabilities)")
    }

    @Test(
        "a prompt is of the task it asks for, not of the subject it speaks of",
        arguments: [
            (TaskKind.creative, "Write a poem about binary search."),
            (.code, "Translate this Python function to Go: def f(x): return x + 1"),
            (.summarisation, "Summarise in German: the council met on Monday and put the vote off."),
        ])
    func subject(task: TaskKind, text: String) throws {
        #expect(try Self.embedded().classify(text).task == task)
    }

    @Test("an embedding that was computed before gives the same estimate, and one of another length does no harm")
    func given() throws {
        let (classifier, encoder) = (try Self.embedded(), try StaticEncoder.embedded())
        for text in ["", "hi", "Fasse den Bericht zusammen.", String(repeating: "{ x; } ", count: 5000)] {
            let estimate = classifier.classify(text)
            #expect(classifier.classify(text, embedding: encoder.encode(text)) == estimate)
            #expect(classifier.classify(text, embedding: []) == estimate)
            #expect(abs(estimate.probabilities.reduce(0, +) - 1) < 1e-9)
            #expect(estimate.probabilities.allSatisfy { $0.isFinite && $0 >= 0 })
        }
    }

    @Test("the words at both ends of a long text are read, those between are not")
    func ends() {
        let paste = String(repeating: "the river rose again ", count: 100)
        let plain = WordBag(paste + paste)
        #expect(WordBag("summarise " + paste + paste) != plain)
        #expect(WordBag(paste + paste + "summarise") != plain)
        #expect(WordBag(paste + "summarise " + paste) == plain)
    }

    @Test("a classifier says the same after it was saved and loaded")
    func roundTrip() throws {
        let saved = try Self.embedded()
        try saved.save(to: path("tasks.safetensors"))
        let loaded = try TaskClassifier(path: path("tasks.safetensors"))
        #expect(loaded.card == saved.card)
        #expect(loaded.classify("Explain this code: let x = 1") == saved.classify("Explain this code: let x = 1"))
    }

    @Test("a file cut anywhere is refused, never half-read")
    func truncated() throws {
        try Self.embedded().save(to: path("whole.safetensors"))
        let whole = try Data(contentsOf: URL(filePath: path("whole.safetensors")))
        for length in stride(from: 0, to: whole.count, by: whole.count / 50) {
            try whole.prefix(length).write(to: URL(filePath: path("cut.safetensors")))
            #expect(throws: TurnoutError.self) { try TaskClassifier(path: path("cut.safetensors")) }
        }
    }

    @Test("tensors of the wrong shape, numbers that are not finite and other tasks are refused by name")
    func damaged() throws {
        try Self.embedded().save(to: path("whole.safetensors"))
        let whole = try SafetensorsFile(contentsOf: path("whole.safetensors"))
        func refused(_ change: (inout SafetensorsBuilder) throws -> Void, leavingOut: String) throws -> String {
            var file = SafetensorsBuilder()
            file.metadata = whole.metadata
            for name in whole.names where name != leavingOut {
                let tensor = try whole.tensor(name)
                if tensor.dtype == .i8 {
                    try file.add(name, int8: tensor.integers().map { Int8($0) }, shape: tensor.shape)
                } else {
                    try file.add(name, floats: tensor.floats(), shape: tensor.shape)
                }
            }
            try change(&file)
            try file.write(to: path("damaged.safetensors"))
            return try #require(throws: TurnoutError.self) { try TaskClassifier(path: path("damaged.safetensors")) }
                .message
        }
        #expect(try refused({ try $0.add("words", int8: [1], shape: [1, 1]) }, leavingOut: "words").contains("words"))
        let nan = [Float](repeating: .nan, count: 8)
        #expect(
            try refused({ try $0.add("word_scales", floats: nan, shape: [8]) }, leavingOut: "word_scales")
                .contains("word_scales"))
        #expect(try refused({ $0.metadata["tasks"] = "cooking" }, leavingOut: "").contains("other tasks"))
    }

    @Test("a router is not taken for a task classifier, nor the other way round")
    func kinds() throws {
        try Self.embedded().save(to: path("tasks.safetensors"))
        let router = try #require(throws: TurnoutError.self) {
            try RouterArtifact.load(path: path("tasks.safetensors"))
        }
        #expect(router.message.contains("task classifier"))
        try RouterArtifact.rewriteCard(of: "default", to: path("router.safetensors")) { _, _ in }
        let tasks = try #require(throws: TurnoutError.self) { try TaskClassifier(path: path("router.safetensors")) }
        #expect(tasks.message.contains("--router tasks"))
    }

    private static let loaded = Result { try TaskClassifier.embedded() }
    private static func embedded() throws -> TaskClassifier { try loaded.get() }
}

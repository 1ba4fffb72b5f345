import Foundation
import Testing
import TurnoutCore
import TurnoutNumerics

@testable import TurnoutEncoders

/// What `Reference/make_head_goldens.py` wrote.
struct HeadGolden: Decodable, CustomTestStringConvertible {
    let name: String
    let versions: String
    let pickle: String
    let classes: [ClassLabel]
    let vectors: [[Float]]
    let probabilities: [[Double]]

    var bytes: [UInt8] { [UInt8](Data(base64Encoded: pickle) ?? Data()) }
    var testDescription: String { "\(name), \(versions)" }

    static let all = (try? Fixture.rows("heads.json", of: HeadGolden.self)) ?? []
}

@Suite("Reading heads pickled by scikit-learn")
struct HeadPickleTests {
    @Test("a head answers as the version that fitted it did", arguments: HeadGolden.all)
    func goldens(golden: HeadGolden) throws {
        let head = try ClassificationHead(pickle: golden.bytes)
        #expect(head.classes == golden.classes)
        for (vector, expected) in zip(golden.vectors, golden.probabilities) {
            let probabilities = head.probabilities(of: vector)
            #expect(zip(probabilities, expected).allSatisfy { abs($0 - $1) < 1e-6 }, "\(probabilities) \(expected)")
        }
    }

    @Test("there are heads of two versions, of all protocols")
    func coverage() {
        #expect(Set(HeadGolden.all.map(\.versions)).count == 2)
        for protocolNumber in 2...5 { #expect(HeadGolden.all.contains { $0.name == "protocol \(protocolNumber)" }) }
    }

    /// Pickles of other things, each with what its refusal must name.
    static let foreign: [(String, String)] = [
        ("\u{80}\u{2}cos\nsystem\n(X\u{4}\u{0}\u{0}\u{0}truetR.", "'os.system'"),
        ("\u{80}\u{4}\u{8c}\u{5}posix\u{8c}\u{6}system\u{93}\u{8c}\u{4}true\u{85}R.", "'posix.system'"),
        ("\u{80}\u{4}\u{8c}\u{8}builtins\u{8c}\u{4}eval\u{93}.", "'builtins.eval'"),
        ("\u{80}\u{2}csklearn.svm._classes\nSVC\n)\u{81}.", "'sklearn.svm._classes.SVC'"),
        ("\u{80}\u{2}csklearn.linear_model._logistic\nLogisticRegressionCV\n)\u{81}.", "LogisticRegressionCV"),
        ("\u{80}\u{2}csetfit.modeling\nSetFitHead\n)\u{81}.", "SetFitHead"),
        ("\u{80}\u{2}(ios\nsystem\n.", "INST, 0x69"),
        ("\u{80}\u{2}(o.", "OBJ, 0x6F"),
        ("\u{80}\u{2}Pname\n.", "PERSID, 0x50"),
        ("\u{80}\u{2}Q.", "BINPERSID, 0x51"),
        ("\u{80}\u{2}\u{82}\u{1}.", "EXT1, 0x82"),
        ("\u{80}\u{4}\u{92}.", "NEWOBJ_EX, 0x92"),
        ("\u{80}\u{4}\u{FF}.", "0xFF"),
        ("\u{80}\u{1}.", "protocol 1"),
        ("\u{80}\u{2}K\u{1}.", "no LogisticRegression"),
        ("\u{80}\u{2}cnumpy\ndtype\n)\u{81}.", "no part of a head"),
        ("\u{80}\u{2}cnumpy\nndarray\nK\u{1}\u{85}R.", "no part of a head"),
        ("\u{80}\u{2}cnumpy\ndtype\nX\u{2}\u{0}\u{0}\u{0}V8\u{85}R.", "type 'V8'"),
        ("PK\u{3}\u{4}", "zip archive"), ("\u{1F}\u{8B}\u{8}", "compressed"), ("x\u{9c}", "compressed"),
        ("version https://git-lfs.github.com/spec/v1", "Git LFS"),
    ]

    @Test("a pickle of anything else is refused by what it asks for", arguments: foreign)
    func refused(text: String, words: String) {
        let bytes = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        let error = #expect(throws: TurnoutError.self) { try ClassificationHead(pickle: bytes, name: "some.pkl") }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("'some.pkl'") == true)
    }

    @Test(
        "a program that makes no sense is damaged, not followed",
        arguments: [
            "", ".", "\u{80}\u{2}", "\u{80}\u{2}0", "\u{80}\u{2}t.", "\u{80}\u{2}a.", "\u{80}\u{2}]u.",
            "\u{80}\u{2}h\u{1}.",
            "\u{80}\u{2}X\u{FF}\u{FF}\u{FF}\u{FF}", "\u{80}\u{4}\u{8d}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}",
            "\u{80}\u{2}\u{8a}\u{9}123456789.", "\u{80}\u{2}X\u{1}\u{0}\u{0}\u{0}\u{FF}.", "\u{80}\u{2}cnumpy",
            "\u{80}\u{2}(K\u{1}(\u{85}.", "\u{80}\u{2}K\u{1}}b.", "\u{80}\u{2}K\u{1}K\u{2}\u{93}.",
            "\u{80}\u{2}csklearn.linear_model._logistic\nLogisticRegression\n)\u{81}.",
            "\u{80}\u{2}csklearn.linear_model._logistic\nLogisticRegression\n)\u{81}}b.",
            "\u{80}\u{2}csklearn.linear_model._logistic\nLogisticRegression\n)\u{81}}b.more",
        ])
    func damaged(text: String) {
        let bytes = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        #expect(throws: TurnoutError.self) { try ClassificationHead(pickle: bytes) }
    }

    @Test("a head cut short anywhere is refused")
    func truncated() throws {
        for golden in HeadGolden.all.prefix(3) {
            let bytes = golden.bytes
            for length in 0..<bytes.count {
                #expect(throws: TurnoutError.self) { try ClassificationHead(pickle: Array(bytes[..<length])) }
            }
        }
    }

    @Test("no change of bytes makes reading crash, and what is still read is a sound head")
    func mutated() throws {
        var random = SeededGenerator(seed: 11)
        var read = 0
        for golden in HeadGolden.all {
            let whole = golden.bytes
            for _ in 0..<100 {
                var bytes = whole
                for _ in 0..<Int.random(in: 1...4, using: &random) { Self.mutate(&bytes, &random) }
                do {
                    let head = try ClassificationHead(pickle: bytes)
                    read += 1
                    let sum = head.probabilities(of: [Float](repeating: 1, count: head.weights.columns)).reduce(0, +)
                    #expect(abs(sum - 1) < 1e-6)
                } catch is TurnoutError {}
            }
        }
        #expect(read > 100)
    }

    private static func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        let at = Int.random(in: 0..<bytes.count, using: &random)
        let code: [UInt8] = [0x28, 0x29, 0x5D, 0x7D, 0x74, 0x75, 0x65, 0x61, 0x62, 0x52, 0x81, 0x93, 0x68, 0x2E, 0x94]
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[at] = random.byte()
        case 1: bytes[at] = code.randomElement(using: &random) ?? 0
        case 2: bytes.insert(code.randomElement(using: &random) ?? 0, at: at)
        case 3: bytes.remove(at: at)
        default: bytes.insert(contentsOf: bytes[at..<min(at + 20, bytes.count)], at: at)
        }
    }

    @Test("tuples inside tuples, and a list that holds itself, neither recurse nor grow")
    func bombs() {
        let nested = [0x80, 2, 0x29] + [UInt8](repeating: 0x85, count: 60_000) + [0x2E]
        #expect(throws: TurnoutError.self) { try ClassificationHead(pickle: nested) }
        let endless = [0x80, 2] + [UInt8](repeating: 0x5D, count: 1 << 20)
        let error = #expect(throws: TurnoutError.self) { try ClassificationHead(pickle: endless) }
        #expect(error?.message.contains("65536 instructions") == true)
        let own: [UInt8] = [0x80, 2, 0x5D, 0x71, 0, 0x68, 0, 0x61, 0x2E]
        #expect(throws: TurnoutError.self) { try ClassificationHead(pickle: own) }
        // One text, made into bytes again and again.
        let text: [UInt8] = [0x58, 0, 0, 1, 0] + [UInt8](repeating: 0x61, count: 1 << 16) + [0x71, 0]
        let again: [UInt8] =
            Array("c_codecs\nencode\n".utf8) + [0x68, 0, 0x58, 6, 0, 0, 0] + Array("latin1".utf8) + [0x86, 0x52]
        let doubled = #expect(throws: TurnoutError.self) {
            try ClassificationHead(pickle: [0x80, 2] + text + (0..<1000).flatMap { _ in again } + [0x2E])
        }
        #expect(doubled?.message.contains("more bytes than it has") == true)
    }

    @Test("a file larger than any head is not read")
    func large() {
        let bytes = [UInt8](repeating: 0x4E, count: ClassificationHead.greatestPickle + 1)
        #expect(throws: TurnoutError.self) { try ClassificationHead(pickle: bytes) }
    }

    @Test("what we write, we read: numbers, words, both mixed, two classes and more", arguments: [2, 3, 5])
    func roundTrip(count: Int) throws {
        let rows = count == 2 ? 1 : count
        var random = SeededGenerator(seed: UInt64(count))
        let weights = Matrix(
            rows: rows, columns: 7, storage: (0..<rows * 7).map { _ in Float.random(in: -3...3, using: &random) })
        let bias = (0..<rows).map { _ in Float.random(in: -1...1, using: &random) }
        let kinds: [[ClassLabel]] = [
            (0..<count).map { .integer($0 - 1) }, (0..<count).map { .text("đơn giản \($0)") },
        ]
        for classes in kinds {
            let head = try ClassificationHead(classes: classes, weights: weights, bias: bias)
            #expect(try ClassificationHead(pickle: head.pickled()) == head)
            #expect(try ClassificationHead(file: SafetensorsFile(bytes: head.safetensors())) == head)
        }
    }

    @Test("a head that Python would misread is not written for it")
    func oneVersusRest() throws {
        let head = try ClassificationHead(
            classes: [.integer(0), .integer(1), .integer(2)], weights: Matrix(rows: 3, columns: 2), bias: [0, 0, 0],
            link: .oneVersusRest)
        #expect(throws: TurnoutError.self) { try head.pickled() }
        #expect(try ClassificationHead(file: SafetensorsFile(bytes: head.safetensors())) == head)
    }

    @Test("parts that do not fit are refused")
    func misfits() {
        let two = Matrix(rows: 2, columns: 3)
        #expect(throws: TurnoutError.self) { try ClassificationHead(classes: [], weights: two, bias: [0, 0]) }
        #expect(throws: TurnoutError.self) {
            try ClassificationHead(classes: [.integer(0), .integer(1)], weights: two, bias: [0, 0])
        }
        #expect(throws: TurnoutError.self) {
            try ClassificationHead(
                classes: [.integer(1), .integer(1)], weights: Matrix(rows: 1, columns: 3), bias: [0])
        }
        #expect(throws: TurnoutError.self) {
            try ClassificationHead(
                classes: [.integer(0), .integer(1)], weights: Matrix(rows: 1, columns: 1, storage: [.nan]), bias: [0])
        }
    }
}

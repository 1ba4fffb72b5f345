import Foundation
import Testing
import TurnoutCore
import TurnoutNumerics

@testable import TurnoutEncoders

/// Small models of random weights, made with `transformers` by `Reference/make_transformer_goldens.py`.
@Suite("Transformers, family by family")
struct TransformerModelTests {
    private struct Expected: Decodable {
        let ids: [[Int32]]
        let vectors: [[Float]]
        let logits: [[Float]]
    }

    private struct NoTokenizer: TurnoutEncoders.Tokenizer {
        let vocabularyCount = 0
        func encode(_ text: String, maximumLength: Int) -> [Int32] { [] }
    }

    private static func folder(_ family: String) throws -> URL { try Fixture.url("Transformer/\(family)") }

    private static func expected(_ family: String) throws -> Expected {
        try JSONDecoder().decode(
            Expected.self, from: Data(contentsOf: folder(family).appendingPathComponent("expected.json")))
    }

    private static func encoder(
        _ folder: URL, _ options: TransformerEncoder.Options = .init(), kernels: Kernels = .best
    ) throws -> TransformerEncoder {
        try TransformerEncoder(folder: folder.path, options: options, tokenizer: NoTokenizer(), kernels: kernels)
    }

    @Test(
        "vectors as PyTorch's, on every instruction set",
        arguments: ["bert", "roberta", "xlm-roberta", "deberta-v3", "deberta-v2"])
    func vectors(family: String) throws {
        let expected = try Self.expected(family)
        for kernels in Kernels.available {
            let matrix = try Self.encoder(Self.folder(family), kernels: kernels).encode(tokenIDs: expected.ids)
            let differences = zip(matrix.storage, expected.vectors.joined()).map { abs($0 - $1) }
            #expect(matrix.rows == expected.ids.count && (differences.max() ?? 1) < 1e-4, "\(kernels.name)")
        }
    }

    @Test("logits as PyTorch's", arguments: ["bert", "roberta", "deberta-v3"])
    func logits(family: String) throws {
        let expected = try Self.expected(family)
        let classifier = try TransformerClassifier(folder: Self.folder(family).path, tokenizer: NoTokenizer())
        let matrix = try classifier.classify(tokenIDs: expected.ids)
        let differences = zip(matrix.storage, expected.logits.joined()).map { abs($0 - $1) }
        #expect(matrix.columns == expected.logits[0].count && (differences.max() ?? 1) < 1e-4)
        #expect(classifier.labels == (0..<matrix.columns).map { "LABEL_\($0)" })
    }

    @Test("a model without a head is refused as a classifier")
    func noHead() throws {
        #expect(throws: TurnoutError.self) {
            try TransformerClassifier(folder: Self.folder("xlm-roberta").path, tokenizer: NoTokenizer())
        }
    }

    @Test(
        "smaller storage keeps the direction", arguments: [WeightStorage.bfloat16, .int8], ["bert", "deberta-v3"])
    func storage(_ storage: WeightStorage, family: String) throws {
        let expected = try Self.expected(family)
        let matrix = try Self.encoder(Self.folder(family), .init(storage: storage)).encode(tokenIDs: expected.ids)
        func product(_ a: some Sequence<Float>, _ b: some Sequence<Float>) -> Float {
            zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
        }
        for (i, vector) in expected.vectors.enumerated() {
            let row = matrix[row: i]
            #expect(product(row, vector) > 0.995 * (product(row, row) * product(vector, vector)).squareRoot())
        }
    }

    @Test("distances have the places in which DeBERTa's reference looks them up")
    func places() throws {
        struct Case: Decodable {
            let longest: Int
            let farthest: Int
            let buckets: Int
            let places: [Int]
        }
        for c in try Fixture.rows("Transformer/places.json", of: Case.self) {
            let places = RelativePlaces(longest: c.longest, farthest: c.farthest, buckets: c.buckets)
            #expect(places.count == 2 * c.buckets)
            #expect((1 - c.longest..<c.longest).map { places[$0] } == c.places, "\(c.longest)")
        }
    }

    @Test(
        "a sequence has the same vector, bit for bit, alone and in any batch, on one thread and on three",
        arguments: ["roberta", "deberta-v3"])
    func reproducible(family: String) throws {
        let ids = try Self.expected(family).ids
        let single = try Self.encoder(Self.folder(family))
        let shared = try Self.encoder(Self.folder(family), .init(threads: 3))
        let batch = try single.encode(tokenIDs: ids + ids.reversed() + [[]])
        #expect(try shared.encode(tokenIDs: ids + ids.reversed() + [[]]) == batch)
        for (i, sequence) in ids.enumerated() {
            #expect(try single.encode(tokenIDs: [sequence]).storage == Array(batch[row: i]))
        }
        #expect(batch[row: 2 * ids.count].allSatisfy { $0 == 0 })
    }

    @Test("many threads may encode with one encoder at once")
    func concurrent() throws {
        let ids = try Self.expected("bert").ids
        let encoder = try Self.encoder(Self.folder("bert"), .init(threads: 2))
        let expected = try encoder.encode(tokenIDs: ids)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<5 { #expect((try? encoder.encode(tokenIDs: ids)) == expected) }
        }
    }

    @Test("ids outside the vocabulary and sequences that are too long are refused")
    func refusedIDs() throws {
        let encoder = try Self.encoder(Self.folder("bert"))
        for ids: [Int32] in [[67], [-1], [Int32](repeating: 1, count: 49)] {
            #expect(throws: TurnoutError.self) { try encoder.encode(tokenIDs: [ids]) }
        }
        #expect(try encoder.encode(tokenIDs: []).rows == 0)
    }

    @Test("the fingerprint tells weights and options apart")
    func fingerprint() throws {
        let a = try Self.encoder(Self.folder("bert")).fingerprint
        #expect(a.count == 64)
        #expect(try Self.encoder(Self.folder("bert"), .init(threads: 2)).fingerprint == a)
        #expect(try Self.encoder(Self.folder("roberta")).fingerprint != a)
        #expect(try Self.encoder(Self.folder("bert"), .init(storage: .int8)).fingerprint != a)
        #expect(try Self.encoder(Self.folder("bert"), .init(maximumLength: 9)).fingerprint != a)
    }
}

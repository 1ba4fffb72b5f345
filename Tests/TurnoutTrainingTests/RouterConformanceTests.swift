import Foundation
import Synchronization
import Testing
import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutNumerics
import TurnoutRouting
import TurnoutTraining

/// What every kind of router promises, whatever it learns.
@Suite("Every kind of router")
struct RouterConformanceTests {
    static let kinds = RouterTrainers.all.map { $0.kind }
    private static let candidates: [ModelID] = ["weak", "strong"]
    private static let prompts = [
        "", " ", "prompt 1 xxxxx ee", "prompt 2  e", String(repeating: "x", count: 5000), "日本語のプロンプト", "🙂\u{0}\n\n\n",
    ]

    /// Routers that several tests look at, each trained once.
    private static let shared = Dictionary(
        uniqueKeysWithValues: kinds.map { kind in
            (
                kind,
                (
                    binary: Once { try train(kind, madeUpRows(200, seed: 1) { $0 ? 1 : 0 }) },
                    graded: Once { try train(kind, madeUpRows(200, seed: 1) { $0 ? 9 : 2 }) },
                    learnt: Once { try train(kind, learnable) { ($0.resamples, $0.threads) = (100, 1) } }
                )
            )
        })
    private static let learnable = madeUpRows(600, seed: 7)

    private static func train(
        _ kind: String, _ rows: [OutcomeRow], _ change: (inout RouterTraining.Options) -> Void = { _ in }
    ) throws -> EstimateRouter {
        var options = RouterTraining.Options(encoder: LetterEncoder(), createdAt: "2026-01-01T00:00:00Z")
        options.threads = 2
        options.resamples = 20
        change(&options)
        // How a penalty is chosen has tests of its own, and takes three times as long.
        let choosesPenalty = ["irt", "matrix-factorisation"].contains(kind)
        let trainer = try RouterTrainers.trainer(kind, settings: choosesPenalty ? ["penalty=3000"] : [])
        return try RouterTraining(trainer, options: options)
            .train(OutcomeTable(rows: rows)).router
    }

    private func temporaryPath() -> String {
        FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).safetensors").path
    }

    private func bytes(of router: EstimateRouter) throws -> Data {
        let path = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try RouterArtifact.save(router, to: path)
        return try Data(contentsOf: URL(filePath: path))
    }

    @Test("a router that was saved and read says the same", arguments: kinds)
    func roundTrip(kind: String) throws {
        let shared = try #require(Self.shared[kind])
        for router in [try shared.binary.value(), try shared.graded.value()] {
            let path = temporaryPath()
            defer { try? FileManager.default.removeItem(atPath: path) }
            try RouterArtifact.save(router, to: path)
            let loaded = try RouterArtifact.load(path: path, encoder: LetterEncoder())
            #expect(loaded.card == router.card && router.card.kind == kind)
            for prompt in Self.prompts {
                let (before, after) = (
                    router.assess(prompt, candidates: Self.candidates),
                    loaded.assess(prompt, candidates: Self.candidates)
                )
                #expect(abs(before.score - after.score) < 1e-6, "\(prompt.prefix(20))")
                for (a, b) in zip(before.estimates, after.estimates) {
                    #expect(abs(a.value - b.value) + abs(a.low - b.low) + abs(a.high - b.high) < 1e-5)
                }
            }
        }
    }

    @Test("estimates are finite, within the range of scores, and within their own interval", arguments: kinds)
    func range(kind: String) throws {
        let shared = try #require(Self.shared[kind])
        for (router, range) in [(try shared.binary.value(), 0.0...1), (try shared.graded.value(), 2.0...9)] {
            for prompt in Self.prompts {
                let assessment = router.assess(prompt, candidates: Self.candidates)
                #expect((0...1).contains(assessment.score), "\(kind): \(assessment.score)")
                for estimate in assessment.estimates {
                    #expect(estimate.low <= estimate.value && estimate.value <= estimate.high)
                    // Kinds that learn from comparisons estimate a chance, whatever the scale of scores.
                    #expect(range.contains(estimate.value) || (0...1).contains(estimate.value))
                }
            }
            let reference = router.referenceScores(candidates: Self.candidates)
            #expect(reference == reference.sorted() && reference.allSatisfy { (0...1).contains($0) })
        }
    }

    @Test("a candidate that it was not trained on is refused by name", arguments: kinds)
    func stranger(kind: String) throws {
        let router = try #require(Self.shared[kind]).binary.value()
        #expect {
            try router.validate(candidates: ["weak", "nobody"])
        } throws: {
            let message = ($0 as? TurnoutError)?.message ?? ""
            return message.contains("'nobody'") && message.contains("weak, strong")
        }
        #expect(throws: Never.self) { try router.validate(candidates: ["strong"]) }
    }

    @Test("one thread or four make the same file, and so does another run", arguments: kinds)
    func threads(kind: String) throws {
        let one = try bytes(of: #require(Self.shared[kind]).learnt.value())
        for _ in 0..<2 {
            let four = try Self.train(kind, Self.learnable) { ($0.resamples, $0.threads) = (100, 4) }
            #expect(try bytes(of: four) == one)
        }
    }

    @Test("five models with scores missing here and there", arguments: kinds.filter { $0 != "hybrid" })
    func fiveModels(kind: String) throws {
        var rows = madeUpRows(300, seed: 6)
        for index in rows.indices {
            for (number, model) in ["a", "b", "c"].enumerated() where (index + number) % 3 != 0 {
                rows[index].scores[ModelID(model)] = Double((index / (number + 2)) % 2)
            }
        }
        let router = try Self.train(kind, rows)
        #expect(router.card.models.count == 5)
        let estimates = router.assess("prompt 7 xx", candidates: router.card.models).estimates
        #expect(estimates.count == 5 && estimates.allSatisfy(\.value.isFinite))
    }

    @Test("it learns that prompts with an x need the strong model", arguments: kinds.filter { $0 != "random" })
    func learns(kind: String) throws {
        let router = try #require(Self.shared[kind]).learnt.value()
        let apgr = try #require(router.card.metrics.first { $0.name == "apgr" })
        #expect(apgr.value > 0.55, "\(apgr.value)")
        let hard = router.assess("prompt 300 xxxxx ee", candidates: Self.candidates).score
        #expect(hard > router.assess("prompt 300  ee", candidates: Self.candidates).score + 0.05)
    }

    @Test(
        "what cannot be learnt from is refused with a sentence",
        arguments: kinds,
        [
            ("ten rows", "at least 20"), ("one class", "nothing to tell"), ("not finite", "not a finite number"),
            ("one model", "two models"), ("no scores", "no row has scores"),
        ])
    func refused(kind: String, problem: (name: String, words: String)) {
        var rows = madeUpRows(100, seed: 8)
        switch problem.name {
        case "ten rows": rows = Array(rows.prefix(10))
        case "one class": for index in rows.indices { rows[index].scores["weak"] = 1 }
        case "not finite": rows[7].scores["weak"] = .nan
        case "one model": for index in rows.indices { rows[index].scores["weak"] = nil }
        default: for index in rows.indices { rows[index].scores = [:] }
        }
        #expect {
            try Self.train(kind, rows)
        } throws: {
            ($0 as? TurnoutError)?.message.contains(problem.words) == true
        }
    }

    @Test("a file that was cut short, or whose tensors are of another kind, is refused", arguments: kinds)
    func damaged(kind: String) throws {
        let whole = try bytes(of: #require(Self.shared[kind]).binary.value())
        let path = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        for count in [0, 7, 100, whole.count / 2, whole.count - 1] {
            try whole.prefix(count).write(to: URL(filePath: path))
            #expect(throws: TurnoutError.self) { try RouterArtifact.load(path: path, encoder: LetterEncoder()) }
        }
        // The same card over the tensors of a router that learns nothing: every other kind misses some.
        let other = kind == "random" ? "length" : "random"
        let router = try #require(Self.shared[other]).binary.value()
        var file = SafetensorsBuilder()
        var card = router.card
        card.kind = kind
        file.metadata["card"] = String(decoding: try JSONEncoder().encode(card), as: UTF8.self)
        try router.store(in: &file)
        try file.write(to: path)
        #expect {
            try RouterArtifact.load(path: path, encoder: LetterEncoder())
        } throws: {
            ($0 as? TurnoutError)?.code == .damagedFile
        }
    }

    @Test("a setting that it does not have is refused with those it has", arguments: kinds)
    func settings(kind: String) {
        #expect {
            try RouterTrainers.trainer(kind, settings: ["nonsense=1"])
        } throws: {
            ($0 as? TurnoutError)?.message.contains("a \(kind) router has no setting 'nonsense'") == true
        }
    }
}

/// A value that is made when it is first asked for.
private final class Once<Value: Sendable>: Sendable {
    private let state = Mutex<Value?>(nil)
    private let make: @Sendable () throws -> Value

    init(_ make: @escaping @Sendable () throws -> Value) { self.make = make }

    func value() throws -> Value {
        try state.withLock { state in
            let value = try state ?? make()
            state = value
            return value
        }
    }
}

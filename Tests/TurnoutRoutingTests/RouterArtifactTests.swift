import Foundation
import Testing
import TurnoutCore
import TurnoutEncoders
import TurnoutNumerics
import TurnoutRouting

/// Two numbers that depend on the text's length alone.
private struct LengthEncoder: TextEncoder {
    let name = "length"
    var fingerprint = String(repeating: "a", count: 64)
    let dimension = 2
    func encode(_ text: String) -> [Float] { [Float(text.utf8.count), 1] }
}

struct RouterArtifactTests {
    private let directory: URL
    private let encoder = LengthEncoder()

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    private func path(_ name: String) -> String { directory.appending(path: name).path }

    private func card(_ kind: String, models: [ModelID]) -> ArtifactCard {
        ArtifactCard(
            kind: kind, encoder: .init(name: encoder.name, sha256: encoder.fingerprint), models: models,
            sources: [.init(file: "rows.jsonl", rows: 3, sha256: "00", licence: "MIT")],
            metrics: [.init(name: "apgr", value: 0.6, low: 0.5, high: 0.7)], createdAt: "2026-01-01T00:00:00Z")
    }

    private func unscaled() throws -> SurfaceBasis {
        try SurfaceBasis(
            centre: [Float](repeating: 0, count: SurfaceFeatures.count),
            spread: [Float](repeating: 1, count: SurfaceFeatures.count))
    }

    private func model(heads: Int) throws -> LinearModel {
        var weights = Matrix(rows: heads, columns: encoder.dimension + SurfaceBasis.count)
        for head in 0..<heads { weights[head, 0] = 0.125 * Float(head + 1) }
        return try LinearModel(
            encoder: encoder, surface: unscaled(), weights: weights, bias: [Float](repeating: -1, count: heads))
    }

    private func curve() throws -> Reliability {
        try #require(Reliability(bins: [.init(predicted: 0.25, low: 0.125, high: 0.5)]))
    }

    private func linear() throws -> EstimateRouter {
        try EstimateRouter(
            card: card("linear", models: ["a", "b"]), encoder: encoder,
            estimator: LinearEstimator(model: model(heads: 2), link: .logistic), range: 0...1,
            reliability: [curve(), curve()], sample: [[0.25, 0.5], [0.5, 0.75]])
    }

    @Test("a linear router says the same after it was saved and loaded")
    func linearRoundTrip() throws {
        let saved = try linear()
        try RouterArtifact.save(saved, to: path("linear.safetensors"))
        let loaded = try RouterArtifact.load(path: path("linear.safetensors"), encoder: encoder)
        #expect(loaded.card == saved.card)
        for text in ["", "hello", String(repeating: "x", count: 60)] {
            #expect(
                loaded.assess(text, candidates: ["a", "b"]).estimates
                    == saved.assess(text, candidates: ["a", "b"]).estimates)
        }
        #expect(loaded.referenceScores(candidates: ["a", "b"]) == saved.referenceScores(candidates: ["a", "b"]))
    }

    @Test("a difficulty router says the same after it was saved and loaded")
    func difficultyRoundTrip() throws {
        let saved = try DifficultyRouter(
            card: card("difficulty", models: []), model: model(heads: 1), weak: .init(intercept: 0.5, slope: 1),
            strong: .init(intercept: 2, slope: 0.5), reliability: [curve(), curve()], sample: [-1, 0, 2])
        try RouterArtifact.save(saved, to: path("difficulty.safetensors"))
        let loaded = try RouterArtifact.load(path: path("difficulty.safetensors"), encoder: encoder)
        let (a, b) = (saved.assess("hello", candidates: ["x", "y"]), loaded.assess("hello", candidates: ["x", "y"]))
        #expect(a.score == b.score)
        #expect(a.estimates == b.estimates)
    }

    @Test("another encoder than the one it was trained on is refused by name")
    func foreignEncoder() throws {
        try RouterArtifact.save(try linear(), to: path("r.safetensors"))
        var other = encoder
        other.fingerprint = String(repeating: "b", count: 64)
        let error = try #require(throws: TurnoutError.self) {
            try RouterArtifact.load(path: path("r.safetensors"), encoder: other)
        }
        #expect(error.message.contains("length"))
    }

    @Test("a file cut anywhere is refused, never half-read")
    func truncated() throws {
        try RouterArtifact.save(try linear(), to: path("whole.safetensors"))
        let whole = try Data(contentsOf: URL(filePath: path("whole.safetensors")))
        for length in stride(from: 0, to: whole.count, by: 7) {
            try whole.prefix(length).write(to: URL(filePath: path("cut.safetensors")))
            #expect(throws: TurnoutError.self) {
                try RouterArtifact.load(path: path("cut.safetensors"), encoder: encoder)
            }
        }
    }

    @Test("a weight that is not finite is refused")
    func notFinite() throws {
        let router = try linear()
        #expect(throws: TurnoutError.self) {
            var weights = Matrix(rows: 1, columns: encoder.dimension + SurfaceBasis.count)
            weights[0, 0] = .nan
            _ = try LinearModel(encoder: encoder, surface: unscaled(), weights: weights, bias: [0])
        }
        #expect(throws: TurnoutError.self) { try router.validate(candidates: ["a", "nobody"]) }
    }

    @Test("the embedded default loads and finds a proof harder than a greeting")
    func embedded() throws {
        let router = try RouterArtifact.embeddedDefault()
        let easy = router.assess("hi, how are you?", candidates: ["w", "s"])
        let hard = router.assess(
            "Prove that every bounded monotone sequence of real numbers converges, and give a counterexample when completeness fails.",
            candidates: ["w", "s"])
        #expect(easy.score < hard.score)
        #expect(hard.estimates[0].value < hard.estimates[1].value)
    }
}

import Foundation
import Testing
import TurnoutCore
import TurnoutEncoders
import TurnoutRouting

/// Works on copies of the embedded default, which is an artifact like any other.
@Suite("Calibration and certificates in an artifact")
struct ArtifactCardRewritingTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    private func certificate(threshold: Double = 0.4) -> Certificate {
        Certificate(
            threshold: threshold, weakShare: 0.3, loss: .harm, epsilon: 0.05, delta: 0.1, n: 500, weak: "small",
            strong: "large", sources: [.init(file: "fresh.jsonl", rows: 500, sha256: "ab")],
            issuedAt: "2026-01-01T00:00:00Z", expiresAt: "2026-04-01T00:00:00Z")
    }

    /// An artifact with a certificate, whose metadata are then changed behind its back.
    private func tampered(_ change: (inout SafetensorsBuilder) throws -> Void) throws -> TurnoutError? {
        try RouterArtifact.rewriteCard(of: "default", to: path("good.safetensors")) { card, fingerprint in
            card.certificate = try certificate().sealed(forRouter: fingerprint)
        }
        var copy = try SafetensorsBuilder(copying: SafetensorsFile(contentsOf: path("good.safetensors")))
        try change(&copy)
        try copy.write(to: path("bad.safetensors"))
        do { _ = try RouterArtifact.load(path: path("bad.safetensors")) } catch let error as TurnoutError {
            return error
        }
        return nil
    }

    @Test("a certificate is stored, read and verified; the tensors stay as they are")
    func stored() throws {
        var seen = ""
        try RouterArtifact.rewriteCard(of: "default", to: path("r.safetensors")) { card, fingerprint in
            seen = fingerprint
            card.certificate = try certificate().sealed(forRouter: fingerprint)
        }
        let router = try RouterArtifact.load(path: path("r.safetensors"))
        let stored = try #require(router.card.certificate)
        #expect(stored.threshold == 0.4 && stored.weak == "small" && stored.router == seen && seen.count == 64)
        #expect(stored.confidence == 0.9 && !stored.notCovered.isEmpty)
        #expect(!stored.isExpired(at: "2026-03-31T23:59:59Z") && stored.isExpired(at: "2026-04-01T00:00:00Z"))
        #expect(stored.expiryNotice(router: "mine", at: "2026-03-31T23:59:59Z") == nil)
        let notice = try #require(stored.expiryNotice(router: "mine", at: "2026-05-01T00:00:00Z"))
        #expect(notice.contains("certificate of mine expired on 2026-04-01T00:00:00Z"))
        let original = try RouterArtifact.embeddedDefault()
        #expect(
            router.assess("hello", candidates: ["a", "b"]).score
                == original.assess("hello", candidates: ["a", "b"]).score)
    }

    @Test("in place, again and again: the certificate outlives a new calibration")
    func inPlace() throws {
        let path = path("r.safetensors")
        try RouterArtifact.rewriteCard(of: "default", to: path) { card, fingerprint in
            card.certificate = try certificate().sealed(forRouter: fingerprint)
        }
        let calibration = try ScoreCalibration(scores: [0.25, 0.5, 0.75], sources: [], pair: [])
        try RouterArtifact.rewriteCard(of: path, to: path) { card, _ in card.calibration = calibration }
        let card = try RouterArtifact.load(path: path).card
        #expect(card.calibration == calibration && card.certificate != nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["r.safetensors"])
    }

    @Test("a certificate whose numbers were changed is refused")
    func alteredCertificate() throws {
        let error = try #require(
            try tampered {
                $0.metadata["card"] = $0.metadata["card"]?.replacing("\"epsilon\":0.05", with: "\"epsilon\":0.01")
            })
        #expect(error.code == .damagedFile && error.message.contains("altered"), "\(error.message)")
    }

    @Test("a certificate beside other weights is refused")
    func otherWeights() throws {
        let error = try #require(try tampered { try $0.add("extra", floats: [1], shape: [1]) })
        #expect(error.message.contains("issued for another router"), "\(error.message)")
    }

    @Test("a certificate that was copied to a router of other models is refused")
    func otherModels() throws {
        let error = try #require(
            try tampered {
                $0.metadata["card"] = $0.metadata["card"]?.replacing("\"models\":[]", with: "\"models\":[\"x\"]")
            })
        #expect(error.message.contains("issued for another router"), "\(error.message)")
    }

    @Test("a certificate that was never issued is not written")
    func unsealed() throws {
        #expect(throws: TurnoutError.self) {
            try RouterArtifact.rewriteCard(of: "default", to: path("r.safetensors")) { card, _ in
                card.certificate = certificate()
            }
        }
        #expect(!FileManager.default.fileExists(atPath: path("r.safetensors")))
    }

    @Test("a card from before there were certificates is read")
    func older() throws {
        #expect(try RouterArtifact.embeddedDefault().card.certificate == nil)
    }
}

@Suite("Quantiles of the user's own queries")
struct ScoreCalibrationTests {
    private struct Calibrated: Router {
        var card: ArtifactCard
        func assess(_ text: String, candidates: [ModelID]) -> Assessment {
            FixedRouter().assess(text, candidates: candidates)
        }
        func referenceScores(candidates: [ModelID]) -> [Double] { FixedRouter().reference }
        func validate(candidates: [ModelID]) throws {}
    }

    private func share(_ calibration: ScoreCalibration?, of names: [ModelID]) throws -> Int {
        var router = Calibrated(card: FixedRouter().card)
        router.card.calibration = calibration
        let decider = try Decider(
            candidates: names.map { Candidate(model: $0) }, router: router, policy: .strongShare(0.5))
        return try (0..<100).count { try decider.decide("\(Double($0) / 100)").model == names[names.count - 1] }
    }

    @Test("strong_share follows the calibration, for the pair it was made for and no other")
    func decides() throws {
        let low = (0..<1000).map { Double($0) / 4000 }
        let calibration = try ScoreCalibration(scores: low, sources: [], pair: ["w", "s"])
        #expect(calibration.n == 1000 && calibration.quantiles.count == 501)
        #expect(calibration.quantiles.first == 0 && calibration.quantiles.last == 0.24975)
        #expect(try share(nil, of: ["w", "s"]) == 50)
        #expect(try share(calibration, of: ["w", "s"]) == 87)
        #expect(try share(calibration, of: ["w", "other"]) == 50)
        #expect(try share(ScoreCalibration(scores: low, sources: [], pair: []), of: ["x", "y"]) == 87)
    }

    @Test("a few scores are kept as they are, fewer than two refused")
    func few() throws {
        #expect(try ScoreCalibration(scores: [0.5, 0.25], sources: [], pair: []).quantiles == [0.25, 0.5])
        let error = try #require(throws: TurnoutError.self) {
            try ScoreCalibration(scores: [0.5], sources: [], pair: [])
        }
        #expect(error.message.contains("at least two"))
    }
}

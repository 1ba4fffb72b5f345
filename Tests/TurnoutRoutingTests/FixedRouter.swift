import TurnoutCore
import TurnoutRouting

/// A router whose score is the number in the text, so that policies can be tested alone.
struct FixedRouter: Router {
    let card = ArtifactCard(
        kind: "fixed", encoder: .init(name: "none", sha256: ""), models: [], sources: [],
        createdAt: "2026-01-01T00:00:00Z")
    var reference = (0...100).map { Double($0) / 100 }

    func assess(_ text: String, candidates: [ModelID]) -> Assessment {
        let estimate = Estimate(value: 0.5, low: 0.4, high: 0.6)
        return Assessment(score: Double(text) ?? 0, estimates: candidates.map { _ in estimate })
    }

    func referenceScores(candidates: [ModelID]) -> [Double] { reference }

    func validate(candidates: [ModelID]) throws {
        if candidates.contains("stranger") { throw TurnoutError(.invalidArgument, "not known: stranger") }
    }
}

import Foundation
import TurnoutCore
import TurnoutRouting

/// A policy in words, for `turnout check` and at start-up.
struct PolicyWords {
    let policy: Policy
    /// Weakest first; at least two.
    let candidates: [ModelID]

    private var strong: String { candidates.last?.name ?? "" }
    private var others: String { candidates.dropLast().map(\.name).joined(separator: ", ") }

    /// Who is considered, and who of them is preferred.
    var sentence: String { ([considered].compactMap { $0 } + [preferred]).joined(separator: "; ") }

    private var considered: String? {
        let wishes = [policy.capability.map(task), policy.latency.flatMap(speed)].compactMap { $0 }
        return wishes.isEmpty ? nil : "considers \(wishes.joined(separator: ", and of these "))"
    }

    private func task(_ map: CapabilityMap) -> String {
        guard !map.models.isEmpty else { return "models that are large enough for the task" }
        let list = TaskKind.allCases.compactMap { kind in
            map.models[kind].map { "\($0.map(\.name).joined(separator: ", ")) for \(kind.rawValue)" }
        }
        return list.joined(separator: ", ") + (map.models.count < TaskKind.allCases.count ? ", others by size" : "")
    }

    private func speed(_ bound: LatencyBound) -> String? {
        let limits = [
            bound.firstToken.map { "begin within \(number($0)) s" }, bound.total.map { "end within \(number($0)) s" },
        ].compactMap { $0 }
        return limits.isEmpty ? nil : "those expected to \(limits.joined(separator: " and "))"
    }

    private var preferred: String {
        switch policy.rule {
        case .strongShare(let share):
            "the hardest \(percent(share)) of prompts go to \(strong), the others to \(others)"
        case .threshold(let threshold):
            "prompts of difficulty \(threshold) and above go to \(strong), the others to \(others)"
        case .certified:
            "prompts below the certified threshold go to \(others), the others to \(strong), and all when it has expired"
        case .targetQuality(let target):
            "keeps \(percent(target)) of the best model's quality, as cheaply as the router's estimates allow"
        case .cheapestAbove(let bar): "the cheapest with an estimate of at least \(number(bar)) answers, else the best"
        case .utility(0, 0): "the best estimate answers, whatever it costs"
        case .utility(let lambda, let mu):
            "the greatest estimate - \(number(lambda)) x dollars - \(number(mu)) x seconds answers"
        case .budget(let limit):
            "the best that $\(number(limit.amount.dollars)) in \(number(limit.period)) s allow, evenly and capped"
        case .weakest: "the weakest of them answers"
        }
    }

    private func number(_ value: Double) -> String { String(format: "%g", value) }

    private func percent(_ share: Double) -> String { "\(number(share * 100)) %" }
}

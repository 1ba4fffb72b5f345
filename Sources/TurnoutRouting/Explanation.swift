import Foundation
import TurnoutCore

/// Why a decision came out as it did, how close it was, and what would have changed it.
struct Explanation {
    let decider: Decider
    let assessment: Assessment
    let prospects: [Prospect]
    let merits: [Preference.Merit]
    /// The candidates that were considered, best first.
    let order: [Int]
    let chosen: Int
    let conditions: Conditions
    let task: TaskEstimate?
    /// Why the conversation stays with `chosen` although another is preferred.
    let stay: String?

    private var policy: Policy { decider.policy }
    private var cuts: [Double] { decider.preference.cuts(conditions) }
    private func name(_ index: Int) -> String { decider.candidates[index].model.name }
    private func rounded(_ value: Double) -> String { String(format: "%.3f", value) }

    /// One line, without any part of the prompt.
    var reason: String {
        guard decider.candidates.count > 1 else { return "only candidate" }
        if let stay { return "stays with \(name(chosen)): \(stay)" }
        var parts = [mainReason]
        if let task, policy.capability != nil { parts.append("task \(task.task.rawValue)") }
        let better = prospects.indices.filter { merits[$0] > merits[chosen] && !order.contains($0) }
        if !better.isEmpty {
            let list = better.map { "\(name($0)): \(prospects[$0].filters.names.joined(separator: "+"))" }
            parts.append("ruled out \(list.joined(separator: ", "))")
        }
        return parts.joined(separator: "; ")
    }

    private var mainReason: String {
        switch decider.preference.kind {
        case .ladder: return ladderReason
        case .certified(_, let certificate):
            return cuts == [-.infinity] ? "the certificate expired on \(certificate.expiresAt)" : ladderReason
        case .relativeCost: return "best estimate for its cost (\(policy))"
        case .cheapestAbove(let bar):
            return merits[chosen].meets
                ? "cheapest with estimate >= \(rounded(bar)) (\(policy))"
                : "best estimate, none reaches \(rounded(bar)) (\(policy))"
        case .utility, .budget: return "utility \(rounded(merits[chosen].value)) (\(policy))"
        case .weakest: return "weakest that does (\(policy))"
        }
    }

    private var ladderReason: String {
        let rung = ScoreLadder.rung(of: assessment.score, cuts: cuts)
        let shown = rounded(assessment.score)
        if rung == cuts.count {
            return cuts[rung - 1] == -.infinity
                ? "\(policy) sends all to \(name(rung))" : "score \(shown) >= \(rounded(cuts[rung - 1])) (\(policy))"
        }
        return cuts[rung] == .infinity
            ? "\(policy) sends nothing to \(name(rung + 1))" : "score \(shown) < \(rounded(cuts[rung])) (\(policy))"
    }

    /// How far the choice is from another one, 0 being a toss-up: in score on a ladder, else in what the rule weighs;
    /// `nil` when there is nothing to compare.
    var margin: Double? {
        if !cuts.isEmpty { return nearestCut.map { abs(assessment.score - $0.score) } }
        guard let second = order.first(where: { $0 != chosen && merits[$0].meets == merits[chosen].meets }) else {
            return nil
        }
        let margin = abs(merits[chosen].value - merits[second].value)
        return margin.isFinite ? margin : nil
    }

    /// The nearest change that would have sent the query elsewhere; `nil` when nothing that is known of could.
    var counterfactual: Decision.Counterfactual? {
        if let stay { return preferredElsewhere(stay) }
        if let cut = nearestCut {
            return Decision.Counterfactual(
                score: cut.score, model: decider.candidates[cut.model].model, change: ladderChange(towards: cut.model))
        }
        return weightChange ?? barChange ?? filterChange
    }

    private func preferredElsewhere(_ stay: String) -> Decision.Counterfactual? {
        order.first.map {
            Decision.Counterfactual(score: nil, model: decider.candidates[$0].model, change: "a new conversation")
        }
    }

    // MARK: Ladders

    private var nearestCut: (score: Double, model: Int)? {
        let cuts = cuts
        guard !cuts.isEmpty else { return nil }
        let rung = ScoreLadder.rung(of: assessment.score, cuts: cuts)
        guard rung == chosen else { return nil }
        var best: (score: Double, model: Int)?
        if rung > 0, cuts[rung - 1].isFinite { best = (cuts[rung - 1], rung - 1) }
        if rung < cuts.count, cuts[rung].isFinite,
            best.map({ abs(cuts[rung] - assessment.score) < abs($0.score - assessment.score) }) ?? true
        {
            best = (cuts[rung], rung + 1)
        }
        return best.flatMap { order.contains($0.model) ? $0 : nil }
    }

    /// The policy's parameter at which this very query would move to its neighbour on the ladder.
    private func ladderChange(towards other: Int) -> String {
        let boundary = Double(max(other, chosen)) / Double(decider.candidates.count - 1)
        let (rises, verb) = other > chosen ? (true, "at most") : (false, "above")
        guard case .ladder(let ladder) = decider.preference.kind else { return "another threshold" }
        switch ladder.kind {
        case .threshold:
            let flip = assessment.score / boundary
            return (rises ? flip <= 1 : flip < 1) ? "threshold \(verb) \(rounded(flip))" : "no threshold in 0…1"
        case .strongShare:
            let rank = Quantiles.rank(of: assessment.score, in: ladder.referenceScores)
            let flip = 1 - rank / boundary - conditions.shareCorrection
            guard flip > 0 || rises else { return "strong_share 0" }
            guard flip >= 0 else { return "strong_share 0 to 1, none of them" }
            return "strong_share \(rises ? "at least" : "below") \(rounded(flip))"
        }
    }

    // MARK: Weights and bars

    /// The λ at which another candidate would overtake the chosen one, nearest to the present one.
    private var weightChange: Decision.Counterfactual? {
        let dollars = prospects.map { $0.cost?.dollars ?? .nan }
        let (present, mu, label, costs): (Double, Double, String, [Double])
        switch decider.preference.kind {
        case .utility(let lambda, let weight): (present, mu, label, costs) = (lambda, weight, "lambda", dollars)
        case .budget:
            (present, mu, label, costs) = (conditions.budget?.multiplier ?? 0, 0, "a budget multiplier", dollars)
        case .relativeCost(let target):
            (present, mu, label, costs) = (
                target.multiplier, 0, "a weight of cost, now \(rounded(target.multiplier)),",
                Preference.shares(of: prospects.map(\.cost))
            )
        default: return nil
        }
        func base(_ index: Int) -> Double { prospects[index].estimate.value - mu * prospects[index].total }
        var nearest: (flip: Double, model: Int)?
        for other in order where other != chosen {
            let difference = costs[chosen] - costs[other]
            guard difference.isFinite, difference != 0 else { continue }
            let flip = (base(chosen) - base(other)) / difference
            // A dearer choice is left when λ rises, a cheaper one when it falls.
            guard difference > 0 ? flip >= present : flip >= 0 && flip <= present else { continue }
            if nearest.map({ abs(flip - present) < abs($0.flip - present) }) ?? true { nearest = (flip, other) }
        }
        return nearest.map { flip, other in
            let side = costs[chosen] > costs[other] ? "above" : "below"
            return Decision.Counterfactual(
                score: nil, model: decider.candidates[other].model, change: "\(label) \(side) \(rounded(flip))")
        }
    }

    /// The bar at which another candidate would be the cheapest above it, nearest to the present one.
    private var barChange: Decision.Counterfactual? {
        guard case .cheapestAbove(let bar) = decider.preference.kind else { return nil }
        func estimate(_ index: Int) -> Double { prospects[index].estimate.value }
        func cost(_ index: Int) -> Double { prospects[index].cost?.dollars ?? .infinity }
        // Below the chosen one's own estimate, the best cheaper one takes over; above it, the next cheapest does.
        let lower = order.filter { estimate($0) < bar && cost($0) < cost(chosen) }.max { estimate($0) < estimate($1) }
        let higher = order.filter { estimate($0) > estimate(chosen) }.min { cost($0) < cost($1) }
        let changes = [
            lower.map { ($0, estimate($0), "cheapest_above at most \(rounded(estimate($0)))") },
            merits[chosen].meets
                ? higher.map { ($0, estimate(chosen), "cheapest_above more than \(rounded(estimate(chosen)))") } : nil,
        ].compactMap { $0 }
        return changes.min { abs($0.1 - bar) < abs($1.1 - bar) }.map { model, _, change in
            Decision.Counterfactual(score: nil, model: decider.candidates[model].model, change: change)
        }
    }

    /// The filter without which a better candidate would have been chosen.
    private var filterChange: Decision.Counterfactual? {
        let better = prospects.indices.filter { merits[$0] > merits[chosen] && !order.contains($0) }
        guard let best = better.max(by: { merits[$0] < merits[$1] }) else { return nil }
        let names = prospects[best].filters.names.joined(separator: " and ")
        return Decision.Counterfactual(
            score: nil, model: decider.candidates[best].model, change: "no filter for \(names)")
    }
}

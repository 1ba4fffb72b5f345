import Foundation
import TurnoutCore
import TurnoutEvaluation
import TurnoutRouting

/// What `certify` says when it is done.
struct CertificationSummary: Encodable {
    struct Group: Encodable {
        let group: String
        let n: Int
        let threshold: Nullable<Double>
        let weakShare: Double
        let observedDrop: Double
    }

    let feasible: Bool
    let threshold: Nullable<Double>
    let weakShare: Double
    let weakShareInterval: [Double]
    let epsilon: Double
    let delta: Double
    let n: Int
    let loss: String
    let observedDrop: Double
    let incompleteRows: Int
    let seenRows: Int
    let groups: [Group]
    var suggestion: String?
    var feasibleEpsilon: Double?
    var rowsNeeded: Int?
    var artifact: String?
    var expiresAt: String?
    /// Says so when the certificate that the router came with has expired, and was not replaced.
    var expiredCertificate: String?
    private let weak: String

    private enum CodingKeys: String, CodingKey {
        case feasible, threshold, weakShare, weakShareInterval, epsilon, delta, n, loss, observedDrop, incompleteRows,
            seenRows, groups, suggestion, feasibleEpsilon, rowsNeeded, artifact, expiresAt, expiredCertificate
    }

    init(_ result: Certifier.Result, _ goal: Certifier.Goal, data: CertificationData, weak: ModelID) {
        let overall = result.overall
        self.feasible = result.isFeasible
        self.threshold = Nullable(overall.threshold)
        self.weakShare = overall.weakShare.value
        self.weakShareInterval = [overall.weakShare.low, overall.weakShare.high]
        self.epsilon = goal.epsilon
        self.delta = goal.delta
        self.n = overall.n
        self.loss = goal.loss.rawValue
        self.observedDrop = overall.observedLoss
        self.incompleteRows = data.incomplete
        self.seenRows = data.seen
        self.groups = result.groups.map {
            Group(
                group: $0.group ?? "", n: $0.n, threshold: Nullable($0.threshold), weakShare: $0.weakShare.value,
                observedDrop: $0.observedLoss)
        }
        self.suggestion = result.suggestion?.text
        self.feasibleEpsilon = result.suggestion?.feasibleEpsilon
        self.rowsNeeded = result.suggestion?.queriesNeeded
        self.weak = weak.name
    }

    func text() -> String {
        func percent(_ value: Double) -> String { String(format: "%.1f %%", value * 100) }
        let meaning =
            loss == RiskLoss.harm.rawValue
            ? "at most \(percent(epsilon)) of queries answered worse than by the strong model"
            : "at most \(percent(epsilon)) of the scale lost on average"
        var lines: [String] = []
        if feasible, let threshold = threshold.value {
            lines.append(
                String(format: "threshold %.6f: ", threshold) + "\(percent(weakShare)) of \(n) queries go to \(weak)"
                    + " [\(percent(weakShareInterval[0])), \(percent(weakShareInterval[1]))]")
            lines.append(
                "promised with \(percent(1 - delta)) confidence: \(meaning); on these rows it was \(percent(observedDrop))"
            )
            if !groups.isEmpty {
                lines.append(
                    "in each of \(groups.count) groups at once, each tested at \(percent(delta / Double(groups.count))) (Bonferroni):"
                )
            }
        } else {
            lines.append("cannot be promised with \(percent(1 - delta)) confidence: \(meaning)")
        }
        lines += groups.map { group in
            "  \(group.group): \(group.n) rows, "
                + (group.threshold.value.map {
                    String(format: "threshold %.6f, ", $0) + "\(percent(group.weakShare)) to \(weak)"
                }
                    ?? "nothing can be promised")
        }
        if let suggestion { lines.append(suggestion) }
        if incompleteRows > 0 {
            lines.append("\(incompleteRows) rows lack a score of one of the models and were left out")
        }
        if seenRows > 0 { lines.append("\(seenRows) rows were left out because the router has seen their prompts") }
        if let artifact, let expiresAt {
            lines.append(
                "\(artifact): certificate stored, valid until \(expiresAt); it covers traffic like these rows and no other"
            )
        } else if feasible {
            lines.append("nothing was stored; -o FILE or --in-place puts the certificate into an artifact")
        }
        if let expiredCertificate { lines.append(expiredCertificate) }
        return lines.joined(separator: "\n")
    }
}

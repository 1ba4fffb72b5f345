import Foundation
import TurnoutCore
import TurnoutRouting

/// Shows receipts to people, a line or a small table each, or to machines, a JSON object each.
struct DecisionPrinter {
    let json: Bool
    let explain: Bool
    let colours: TerminalStyle

    func print(_ receipt: DecisionReceipt) {
        Swift.print(json ? receipt.json : text(receipt))
    }

    func text(_ receipt: DecisionReceipt) -> String {
        let sure = receipt.margin.map { String(format: ", margin %.3f", $0) } ?? ""
        let headline = String(
            format: "%@  %@%@  %@", colours.bold(receipt.model.name), receipt.reason, sure,
            colours.dim(String(format: "%.0f µs", receipt.micros)))
        guard explain else { return headline }
        let width = receipt.candidates.map(\.model.name.count).max() ?? 0
        let header =
            pad("model", to: width)
            + "  estimate  95 % interval   tokens in / out   $ a request   first s   all s   rank"
        let rows = receipt.candidates.map { candidate in
            pad(candidate.model.name, to: width)
                + String(format: "  %8.3f  %.3f … %.3f   ", candidate.estimate, candidate.low, candidate.high)
                + pad("\(candidate.inputTokens) / \(candidate.outputTokens)", to: 15)
                + "   " + pad(candidate.costUSD.map { String(format: "%.6f", $0) } ?? "unknown", to: 11)
                + String(format: "   %7.2f  %6.1f   ", candidate.firstTokenSeconds, candidate.totalSeconds)
                + (candidate.rank.map(String.init) ?? "never tried")
                + (candidate.filtered.map { "  (" + $0.joined(separator: ", ") + ")" } ?? "")
        }
        return ([headline, colours.dim(header)] + rows + [flip(receipt)]).joined(separator: "\n")
    }

    private func flip(_ receipt: DecisionReceipt) -> String {
        guard let flip = receipt.counterfactual else { return "Nothing would have changed the choice." }
        let beyond = flip.score.map {
            String(format: "Beyond a score of %.3f it would go to %@; so it would", $0, flip.model.name)
        }
        return "\(beyond ?? "It would go to \(flip.model)") with: \(flip.change)."
    }

    private func pad(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

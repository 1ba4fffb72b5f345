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
        let header = pad("model", to: width) + "  estimate  95 % interval   $ per million in / out   rank"
        let rows = receipt.candidates.map { candidate in
            pad(candidate.model.name, to: width)
                + String(format: "  %8.3f  %.3f … %.3f   ", candidate.estimate, candidate.low, candidate.high)
                + pad(prices(candidate), to: 22) + "   " + (candidate.rank.map(String.init) ?? "never tried")
        }
        let flip = receipt.counterfactual.map {
            String(
                format: "Beyond a score of %.3f it would go to %@; so it would at %@.", $0.score, $0.model.name,
                $0.change)
        }
        return ([headline, colours.dim(header)] + rows + [flip ?? "Nothing would have changed the choice."])
            .joined(separator: "\n")
    }

    private func prices(_ candidate: DecisionReceipt.Candidate) -> String {
        guard let input = candidate.inputPrice, let output = candidate.outputPrice else { return "unknown" }
        return String(format: "%g / %g", input, output)
    }

    private func pad(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

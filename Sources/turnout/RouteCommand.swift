import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutRouting
import TurnoutServer

struct RouteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "route",
        abstract: "Says which model a prompt would go to, why, how sure that is and how long it took.",
        discussion: """
            Example: turnout route --explain "Prove that the square root of two is irrational."
            Without a prompt, prompts are read from standard input: one a line, or JSON lines with "prompt" or "messages".
            Nothing is sent to any model.
            """)

    @Argument(help: "The prompt. Read from standard input when left out.")
    var prompt: String?

    @OptionGroup var setup: RouteSetup

    @Flag(help: "Shows every candidate's estimate, price and rank, and what would have changed the choice.")
    var explain = false

    @Flag(help: "Prints one JSON object a prompt.")
    var json = false

    func run() async throws {
        let decider = try setup.decider()
        let printer = DecisionPrinter(json: json, explain: explain, colours: TerminalStyle.standardOutput)
        if let prompt {
            printer.print(timedReceipt(for: prompt, by: decider))
            return
        }
        var number = 0
        while let line = readLine() {
            number += 1
            guard !line.allSatisfy(\.isWhitespace) else { continue }
            printer.print(timedReceipt(for: try PromptLine.text(of: line, number: number), by: decider))
        }
        guard number > 0 else {
            throw TurnoutError(.invalidArgument, "no prompt: give one as an argument or on standard input, one a line")
        }
    }

    private func timedReceipt(for text: String, by decider: Decider) -> DecisionReceipt {
        let clock = ContinuousClock()
        let start = clock.now
        let decision = decider.decide(text)
        let micros = (clock.now - start) / .microseconds(1)
        var generator = SystemRandomNumberGenerator()
        return DecisionReceipt(decision, by: decider, id: DecisionReceipt.newID(using: &generator), micros: micros)
    }
}

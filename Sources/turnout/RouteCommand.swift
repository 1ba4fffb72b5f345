import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutGateway
import TurnoutRouting
import TurnoutServer

struct RouteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "route",
        abstract: "Says which model a prompt would go to, why, how sure that is and how long it took.",
        discussion: """
            Example: turnout route --explain "Prove that the square root of two is irrational."
            Without a prompt, prompts are read from standard input: one a line, or JSON lines with "prompt" or "messages".
            Nothing is sent to any model, except to the classifier of a causal-llm router.
            """)

    @Argument(help: "The prompt. Read from standard input when left out.")
    var prompt: String?

    @OptionGroup var setup: RouteSetup

    @Flag(help: "Shows every candidate's estimate, price and rank, and what would have changed the choice.")
    var explain = false

    @Flag(help: "Prints one JSON object a prompt.")
    var json = false

    func run() async throws {
        try await setup.withRoute { try await run($0) }
    }

    private func run(_ route: ModelDirectory.Route) async throws {
        let printer = DecisionPrinter(json: json, explain: explain, colours: TerminalStyle.standardOutput)
        if let prompt {
            printer.print(try await timedReceipt(for: Query(prompt), by: route))
            return
        }
        var number = 0
        while let line = readLine() {
            number += 1
            guard !line.allSatisfy(\.isWhitespace) else { continue }
            printer.print(try await timedReceipt(for: try PromptLine.query(of: line, number: number), by: route))
        }
        guard number > 0 else {
            throw TurnoutError(.invalidArgument, "no prompt: give one as an argument or on standard input, one a line")
        }
    }

    private func timedReceipt(for query: Query, by route: ModelDirectory.Route) async throws -> DecisionReceipt {
        let clock = ContinuousClock()
        let start = clock.now
        let decision = try await route.decide(
            query, under: Conditions(time: Date.now.ISO8601Format()))
        let micros = (clock.now - start) / .microseconds(1)
        var generator = SystemRandomNumberGenerator()
        return DecisionReceipt(
            decision, by: route.decider, id: DecisionReceipt.newID(using: &generator), micros: micros)
    }
}

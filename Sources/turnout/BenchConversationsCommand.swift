import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEvaluation
import TurnoutRouting

struct BenchConversationsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conversations",
        abstract: "Shows what conversations cost when the prompt cache counts in the choice, and when it does not.",
        discussion: """
            Example: turnout bench conversations
            Conversations are made up from a seed: chats, and an agent's work with long prompts. Each is decided turn by \
            turn anew, with the prompt cache priced as the gateway does it, and by its first turn alone. Prices are the \
            built-in catalogue's. No model is asked. Intervals are of 95 %, over conversations.
            """)

    @Option(help: "Models as PROVIDER/ID of the catalogue, separated by commas, weakest first.")
    var models = "anthropic/claude-haiku-4-5,anthropic/claude-sonnet-4-5,anthropic/claude-opus-4-5"

    @Option(help: "The policy, as in the header x-turnout-policy.")
    var policy = "cheapest_above=0.75"

    @Option(help: "Conversations of each kind.")
    var conversations = 2000

    @Option(help: "Where random numbers start.")
    var seed: UInt64 = 0

    @Flag(help: "Prints one JSON object a line.")
    var json = false

    func validate() throws {
        guard 2...1_000_000 ~= conversations else {
            throw ValidationError("--conversations is \(conversations), but must lie between 2 and 1000000")
        }
    }

    func run() throws {
        let replay = try ConversationReplay(models: try priced(), policy: try Policy(text: policy))
        for kind in [SimulatedConversation.Kind.chat, .agent] {
            let comparison = try ConversationComparison(
                kind, conversations: conversations, seed: seed, replay: replay,
                threads: ProcessInfo.processInfo.activeProcessorCount)
            print(json ? try ConversationSummary(comparison).jsonLine() : ConversationSummary(comparison).text())
        }
    }

    private func priced() throws -> [(model: ModelID, price: Price)] {
        try models.split(separator: ",").map { name in
            let parts = name.split(separator: "/", maxSplits: 1).map(String.init)
            guard parts.count == 2, let entry = Catalogue.builtIn.entry(of: parts[1], at: parts[0]),
                let price = entry.price
            else {
                throw TurnoutError(
                    .invalidArgument,
                    "the catalogue has no price for '\(name)'; name models as PROVIDER/ID, as 'turnout models catalogue' lists them"
                )
            }
            return (ModelID(parts[1]), price)
        }
    }
}

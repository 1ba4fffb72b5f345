import ArgumentParser

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Puts the gateway and its rules to the test.",
        discussion: "Example: turnout bench faults",
        subcommands: [
            BenchFaultsCommand.self, BenchSoakCommand.self, BenchConversationsCommand.self, BenchFleetCommand.self,
        ])
}

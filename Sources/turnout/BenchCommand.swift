import ArgumentParser

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Puts the gateway to the test.",
        discussion: "Example: turnout bench faults",
        subcommands: [BenchFaultsCommand.self, BenchSoakCommand.self])
}

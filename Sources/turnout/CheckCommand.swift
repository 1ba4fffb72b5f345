import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutServer

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks a configuration without starting, and says in words what it does.",
        discussion: """
            Example: turnout check --config turnout.yaml
            Loads every router and encoder that it names. Asks no provider. Exit code 1 when the configuration is not valid.
            """)

    @Option(help: "Configuration file.")
    var config: String

    @Flag(help: "Prints one JSON object.")
    var json = false

    func run() async throws {
        do {
            let report = try await ConfigurationCheck.run(path: config)
            print(json ? report.json : report.text)
        } catch let error as TurnoutError {
            if json { print(ConfigurationCheck.json(of: error)) }
            FileHandle.standardError.write(Data("turnout: \(error.message)\n".utf8))
            throw ExitCode(1)
        }
    }
}

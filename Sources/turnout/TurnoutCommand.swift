import ArgumentParser
import Foundation
import TurnoutCore

@main
struct TurnoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "turnout",
        abstract: "Decides, per prompt, which language model is good enough, and sends the prompt there.",
        discussion: """
            Example: turnout serve
            Exit codes: 0 done, 1 the answer is no, 2 usage, 3 bad input, 4 upstream or network.
            """,
        version: turnoutVersion,
        subcommands: [
            ServeCommand.self, RouteCommand.self, CheckCommand.self, TrainCommand.self, EmbedCommand.self,
            DistillCommand.self, ModelsCommand.self, DataCommand.self, CalibrateCommand.self,
            CertifyCommand.self, AdviseCommand.self, EvaluateCommand.self, BenchCommand.self,
            CascadeCommand.self, HybridCommand.self, ReplayCommand.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            reportUnwritten()
        } catch let error as TurnoutError {
            FileHandle.standardError.write(Data("turnout: \(error.message)\n".utf8))
            Foundation.exit(error.exitCode)
        } catch {
            let code = exitCode(for: error)
            if code == .validationFailure {
                FileHandle.standardError.write(Data("\(fullMessage(for: error))\n".utf8))
                Foundation.exit(2)
            }
            if error is ExitCode { reportUnwritten() }
            exit(withError: error)
        }
    }
}

extension TurnoutCommand {
    /// Ends with 3 when what was printed could not be written, as on a full disk.
    private static func reportUnwritten() {
        guard fflush(nil) != 0 else { return }
        let reason = String(cString: strerror(errno))
        FileHandle.standardError.write(Data("turnout: standard output cannot be written: \(reason)\n".utf8))
        Foundation.exit(3)
    }
}

extension TurnoutError {
    /// 2 for usage, 3 for bad input, 4 for the network.
    var exitCode: Int32 {
        switch code {
        case .invalidArgument: 2
        case .network: 4
        default: 3
        }
    }
}

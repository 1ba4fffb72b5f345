import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutGateway
import TurnoutProviders
import TurnoutServer

/// The language model that a causal-llm router asks.
struct ClassifierOptions: ParsableArguments {
    @Option(help: "Address of an OpenAI-compatible server, such as http://localhost:8080/v1.")
    var classifierURL: String?

    @Option(help: "What the server calls the model.")
    var classifierModel: String?

    @Option(help: "Environment variable that holds the server's key; none is sent without it.")
    var classifierKeyVariable: String?

    @Option(help: "Seconds to wait for the classifier; 2 by default.")
    var classifierTimeout: Double?

    /// Whether none of them was given.
    var isUntouched: Bool {
        classifierURL == nil && classifierModel == nil && classifierKeyVariable == nil && classifierTimeout == nil
    }

    func validate() throws {
        if let classifierTimeout, !(0.001...600 ~= classifierTimeout) {
            throw ValidationError("--classifier-timeout is \(classifierTimeout), but must lie between 0.001 and 600")
        }
    }

    /// A configuration whose only route asks the classifier; its candidates stand for themselves and are never asked.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument`.
    func configuration(candidates: [ModelID]) throws -> Configuration {
        guard let classifierURL, let url = URL(string: classifierURL), ["http", "https"].contains(url.scheme),
            url.host() != nil
        else {
            throw TurnoutError(
                .invalidArgument,
                "--router causal-llm needs --classifier-url, the address of an OpenAI-compatible server such as http://localhost:8080/v1"
            )
        }
        var options = CausalLLMClassifier.Options()
        if let classifierTimeout { options.timeout = .seconds(classifierTimeout) }
        return Configuration(
            candidates: candidates, classifierAt: classifierURL, id: classifierModel ?? "default", key: try key(),
            options: options)
    }

    private func key() throws -> Secret? {
        guard let variable = classifierKeyVariable else { return nil }
        guard let value = ProcessInfo.processInfo.environment[variable] else {
            throw TurnoutError(.invalidArgument, "the environment variable '\(variable)' is not set; set it to the key")
        }
        if let problem = Secret.problem(with: value) {
            throw TurnoutError(.invalidArgument, "the key in '\(variable)' \(problem)")
        }
        return Secret(value)
    }
}

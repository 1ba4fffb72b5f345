import Foundation
package import TurnoutCore
import TurnoutProviders

/// Goes through all that starting would, short of listening.
package enum ConfigurationCheck {
    /// What a valid configuration does.
    package struct Report: Sendable {
        /// For people.
        package let text: String
        /// For machines: `{"valid":true,"routes":[…],"models":[…],"warnings":[…]}`.
        package let json: String
    }

    /// Reads a file and loads every router and encoder that it names.
    ///
    /// - Throws: ``TurnoutError`` that says what is wrong and where.
    package static func run(path: String) async throws -> Report {
        let configuration = try Configuration.load(path: path)
        _ = try configuration.deciders()
        _ = try configuration.localEncoders()
        let lines = configuration.modelSummary + configuration.summary
        let warnings = configuration.warnings
        return Report(
            text: (["\(path): valid"] + lines.map { "  \($0)" } + warnings.map { "  warning: \($0)" })
                .joined(separator: "\n"),
            json: """
                {"valid":true,"routes":[\(configuration.summary.map(JSONText.quoted).joined(separator: ","))],\
                "models":[\(configuration.modelSummary.map(JSONText.quoted).joined(separator: ","))],\
                "warnings":[\(warnings.map(JSONText.quoted).joined(separator: ","))]}
                """)
    }

    /// A failed check for machines: `{"valid":false,"message":…}`.
    package static func json(of error: TurnoutError) -> String {
        "{\"valid\":false,\"message\":\(JSONText.quoted(error.message))}"
    }
}

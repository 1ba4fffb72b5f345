import ArgumentParser
import Foundation
import TurnoutCore

/// Models named in one argument, separated by commas.
struct ModelList: ExpressibleByArgument {
    let models: [ModelID]

    init?(argument: String) {
        let names = argument.split(separator: ",", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        guard names.allSatisfy({ !$0.isEmpty }) else { return nil }
        models = names.map { ModelID($0) }
    }
}

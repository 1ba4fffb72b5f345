import Foundation
import TurnoutCore
import TurnoutEncoders

/// How a linear output becomes an estimate.
public enum OutputLink: String, Sendable, Codable {
    /// 1 / (1 + e⁻ᶻ): the outcome is right or wrong, or a share of successes.
    case logistic
    /// z: the outcome is graded on a scale of its own.
    case identity

    /// The estimate that an output stands for.
    public func estimate(_ output: Double) -> Double {
        switch self {
        case .logistic: 1 / (1 + exp(-output))
        case .identity: output
        }
    }

    /// Reads metadata `link`.
    ///
    /// - Throws: ``TurnoutError`` with code `.damagedFile` when it is missing or another word.
    init(file: SafetensorsFile) throws {
        guard let text = file.metadata["link"], let link = OutputLink(rawValue: text) else {
            throw TurnoutError(
                .damagedFile, "\(file.name): metadata 'link' must be 'logistic' or 'identity'; train the router again")
        }
        self = link
    }

    /// Adds what ``init(file:)`` reads.
    func store(in file: inout SafetensorsBuilder) { file.metadata["link"] = rawValue }
}

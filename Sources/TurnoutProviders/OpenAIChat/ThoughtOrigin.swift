package import TurnoutCore

/// Who has issued the thoughts in a conversation, as far as that is known.
package enum ThoughtOrigin: Sendable, Equatable {
    /// Whoever is asked: all of them travel.
    case asked
    /// This model has, from a message on, counted from 0; of earlier ones nothing is known.
    case model(ModelID, from: Int)
    /// Nobody knows.
    case unknown

    /// The first message whose thoughts may travel to a model; `nil` when none may.
    package func firstMessage(for model: ModelID) -> Int? {
        switch self {
        case .asked: 0
        case .model(let issuer, let first): issuer == model ? first : nil
        case .unknown: nil
        }
    }
}

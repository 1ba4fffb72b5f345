import TurnoutCore
import TurnoutProviders
import TurnoutRouting

extension Configuration {
    /// What each route does, a line each, in words.
    package var summary: [String] {
        routes.map { route in
            let others = route.candidates.dropLast().map(\.name).joined(separator: ", ")
            let strong = route.candidates.last?.name ?? ""
            let choice =
                switch (route.candidates.count, route.policy) {
                case (1, _): "everything goes to \(strong)"
                case (_, .strongShare(let share)):
                    "the hardest \(percent(share)) of prompts go to \(strong), the others to \(others)"
                case (_, .threshold(let threshold)):
                    "prompts of difficulty \(threshold) and above go to \(strong), the others to \(others)"
                }
            let asked = route.classifier.map { ", asks \($0.model)" } ?? ""
            return "route \(route.name): \(choice) (router: \(route.router)\(asked)); \(fallback(of: route))"
        }
    }

    private func fallback(of route: Route) -> String {
        guard let fallback = route.fallback else {
            return route.candidates.count == 1 ? "no fallback" : "when one fails, the nearest in strength answers"
        }
        let names = fallback.map(\.name).joined(separator: ", ")
        return names.isEmpty ? "no fallback" : "when one fails, next in turn of \(names)"
    }

    /// What each model is, a line each, in words.
    package var modelSummary: [String] {
        models.map { model in
            let provider = providers.first { $0.name == model.provider }
            let address =
                switch provider?.kind {
                case .openAI(let baseURL, let key, _): "\(baseURL)\(key == nil ? "" : " with a key")"
                case .simulated: "SIMULATED: made-up answers, no language model"
                case nil: "no provider"
                }
            return "model \(model.name): '\(model.id)' at \(model.provider) (\(address))"
        } + encoders.map { "model \($0.name): embeddings, computed here by the encoder '\($0.encoder)'" }
    }

    private func percent(_ share: Double) -> String {
        let value = share * 100
        return value == value.rounded() ? "\(Int(value)) %" : "\(value) %"
    }
}

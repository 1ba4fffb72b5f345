import TurnoutCore
import TurnoutProviders
import TurnoutRouting

extension Configuration {
    /// What each route does, a line each, in words.
    package var summary: [String] {
        routes.map { route in
            let choice =
                route.candidates.count == 1
                ? "everything goes to \(route.candidates[0])"
                : PolicyWords(policy: route.policy, candidates: route.candidates).sentence
            let asked = route.classifier.map { ", asks \($0.model)" } ?? ""
            let judged =
                route.cascade.map {
                    "; \($0.judge.model) judges its answer, and below \($0.rule.leastScores[0]) the next stronger one is asked"
                } ?? ""
            return "route \(route.name): \(choice) (router: \(route.router)\(asked))\(judged); \(fallback(of: route))"
        }
    }

    /// What is allowed but may be regretted, a line each.
    package var warnings: [String] {
        routes.compactMap { route in
            let chain = route.fallback ?? route.candidates
            guard !chain.contains(where: isLocal), !route.candidates.allSatisfy(isLocal) else { return nil }
            return
                "route \(route.name): no local model ends its fallback, so that nobody answers when the network is down"
        }
    }

    private func fallback(of route: Route) -> String {
        guard let fallback = route.fallback else {
            return route.candidates.count == 1
                ? "no fallback" : "when one fails, the next best answers, local ones last"
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
            return "model \(model.name): '\(model.id)' at \(model.provider) (\(address)); \(model.priceInWords)"
        } + encoders.map { "model \($0.name): embeddings, computed here by the encoder '\($0.encoder)'" }
    }
}

extension Configuration.Model {
    /// What it charges, and who says so.
    var priceInWords: String {
        guard let price else { return "price unknown" }
        let rates = "$\(price.inputPerMillion.decimal) in, $\(price.outputPerMillion.decimal) out a million tokens"
        return switch priceOrigin {
        case .builtIn(let provider, let id): "\(rates), by the built-in catalogue (\(provider) \(id))"
        case .ownCatalogue: "\(rates), by your catalogue"
        case .configuration, .unknown: "\(rates), by this file"
        }
    }
}

import ArgumentParser
import TurnoutCore
import TurnoutRouting
import TurnoutServer

/// Where a decision's candidates, router and policy come from: a configuration file, options, or both.
struct RouteSetup: ParsableArguments {
    @Option(help: "Configuration file. Without one, the candidates are 'weak' and 'strong'.")
    var config: String?

    @Option(help: "Which route of the configuration decides; its first one by default.")
    var route: String?

    @Option(help: "Router: 'default' for the embedded one, or the path of an artifact.")
    var router: String?

    @Option(help: "Candidates by name, weakest first, separated by commas.")
    var models: String?

    @Option(help: "Share of prompts for the strongest candidate, 0 to 1.")
    var strongShare: Double?

    @Option(help: "Score from which the strongest candidate answers, 0 to 1.")
    var threshold: Double?

    func decider() throws -> Decider {
        let base = try config.map { try configured(path: $0) } ?? unconfigured()
        guard let policy = try policy() else { return base }
        return try base.with(policy: policy)
    }

    private func policy() throws -> Policy? {
        switch (strongShare, threshold) {
        case (nil, nil): nil
        case (let share?, nil): .strongShare(share)
        case (nil, let threshold?): .threshold(threshold)
        case (_?, _?):
            throw TurnoutError(.invalidArgument, "--strong-share and --threshold exclude each other; give one of them")
        }
    }

    private func unconfigured() throws -> Decider {
        guard route == nil else {
            throw TurnoutError(.invalidArgument, "--route needs --config FILE, in which that route stands")
        }
        let loaded = try Configuration.loadRouter(named: router ?? "default")
        let known = loaded.card.models.isEmpty ? ["weak", "strong"] : loaded.card.models
        let names = models?.split(separator: ",").map { ModelID(String($0)) } ?? known
        return try Decider(candidates: names.map { Candidate(model: $0) }, router: loaded, policy: .default)
    }

    private func configured(path: String) throws -> Decider {
        guard router == nil, models == nil else {
            throw TurnoutError(.invalidArgument, "--router and --models have no use beside --config, which names both")
        }
        return try Configuration.load(path: path).decider(forRoute: route)
    }
}

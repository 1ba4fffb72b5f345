import ArgumentParser
import TurnoutCore
import TurnoutGateway
import TurnoutRouting
import TurnoutServer

/// Where a decision's candidates, router and policy come from: a configuration file, options, or both.
struct RouteSetup: ParsableArguments {
    @Option(help: "Configuration file. Without one, the candidates are 'weak' and 'strong'.")
    var config: String?

    @Option(help: "Which route of the configuration decides; its first one by default.")
    var route: String?

    @Option(help: "Router: 'default' for the embedded one, the path of an artifact, or 'causal-llm'.")
    var router: String?

    @Option(help: "Candidates by name, weakest first, separated by commas.")
    var models: String?

    @Option(
        help: """
            Policy, as in the header x-turnout-policy: strong_share=0.3, target_quality=0.97, cheapest_above=0.8, \
            lambda=20,mu=0.01, latency=interactive, capability=by_size or several of them.
            """)
    var policy: String?

    @Option(help: "Share of prompts for the strongest candidate, 0 to 1.")
    var strongShare: Double?

    @Option(help: "Score from which the strongest candidate answers, 0 to 1.")
    var threshold: Double?

    @OptionGroup(title: "Classifier of --router causal-llm") var classifier: ClassifierOptions

    /// Opens the route that the options name and decides with it.
    func withRoute(_ body: (ModelDirectory.Route) async throws -> Void) async throws {
        if let config {
            guard router == nil, models == nil, classifier.isUntouched else {
                throw TurnoutError(
                    .invalidArgument,
                    "--router, --models and --classifier-url have no use beside --config, which names them all")
            }
            return try await Configuration.load(path: config).withRoute(named: route, policy: try chosenPolicy(), body)
        }
        guard route == nil else {
            throw TurnoutError(.invalidArgument, "--route needs --config FILE, in which that route stands")
        }
        let policy = try chosenPolicy()
        if router == CausalLLMRouter.kind {
            return try await classifier.configuration(candidates: names ?? ["weak", "strong"])
                .withRoute(named: nil, policy: policy, body)
        }
        guard classifier.isUntouched else {
            throw TurnoutError(.invalidArgument, "--classifier-url and its like belong to --router causal-llm")
        }
        let loaded = try Configuration.loadRouter(named: router ?? "default")
        let known = loaded.card.models.isEmpty ? ["weak", "strong"] : loaded.card.models
        let decider = try Decider(
            candidates: (names ?? known).map { Candidate(model: $0) }, router: loaded, policy: policy ?? .default)
        try await body(ModelDirectory.Route(name: "", decider: decider))
    }

    private var names: [ModelID]? { models?.split(separator: ",").map { ModelID(String($0)) } }

    private func chosenPolicy() throws -> Policy? {
        let given = [policy, strongShare.map { "strong_share=\($0)" }, threshold.map { "threshold=\($0)" }].compactMap {
            $0
        }
        guard given.count <= 1 else {
            throw TurnoutError(
                .invalidArgument, "--policy, --strong-share and --threshold exclude each other; give one of them")
        }
        return try given.first.map { try Policy(text: $0) }
    }
}

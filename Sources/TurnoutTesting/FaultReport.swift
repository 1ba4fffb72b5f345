import Foundation

/// All sixteen faults, streamed and whole, with a fallback and without: what the caller got and what the providers saw.
public struct FaultReport: Sendable {
    /// One fault in one setting.
    public struct Row: Sendable {
        /// What the provider does.
        public let fault: Fault
        /// Whether a stream was asked for.
        public let streams: Bool
        /// Whether another model stood behind the faulty one.
        public let hasFallback: Bool
        /// What the caller got; of an outage, the worst of its twenty answers.
        public let view: FaultProbe.View
        /// When the faulty model was asked, from the first time on.
        public let attempts: [Duration]
        /// What is wrong; `nil` when all is as it should be.
        public let problem: String?
    }

    /// In the order of ``Fault``.
    public let rows: [Row]

    /// Whether nothing is wrong.
    public var isClean: Bool { rows.allSatisfy { $0.problem == nil } }

    /// Names of the models in every setting, for the gateway's configuration.
    public static func name(_ fault: Fault, streams: Bool, hasFallback: Bool) -> String {
        "\(fault.rawValue).\(streams ? "stream" : "whole").\(hasFallback ? "fallback" : "alone")"
    }

    /// A configuration for `turnout serve` in which every fault has its model, and a route with a fallback behind it.
    ///
    /// - Parameters:
    ///   - server: The faulty provider.
    ///   - names: Models; each gets a provider of its own, so that none spoils another.
    /// - Returns: YAML.
    public static func configuration(_ server: FaultServer, names: [String]) -> String {
        let well = [FaultServer.healthy, FaultServer.refusesPrefill, FaultServer.otherWords]
        let providers = names.enumerated().map {
            "  faulty-\($0.offset): { protocol: openai, base_url: '\(server.baseURL)' }"
        }
        let models = names.enumerated().map { "  \($0.element): { provider: faulty-\($0.offset) }" }
        let routes = names.compactMap { name in
            Fault(model: name).map {
                "  \(route(name)): { candidates: [\(name), \($0.fallback)], policy: { strong_share: 0 }, fallback: [\($0.fallback)] }"
            }
        }
        return """
            providers:
              well: { protocol: openai, base_url: '\(server.baseURL)' }
            \(providers.joined(separator: "\n"))
            models:
            \(well.map { "  \($0): { provider: well, price: { input: 1, output: 1 } }" }.joined(separator: "\n"))
            \(models.joined(separator: "\n"))
            routes:
            \(routes.joined(separator: "\n"))
            """
    }

    /// The route in which a model has a fallback.
    public static func route(_ name: String) -> String { "\(name)-with-fallback" }

    /// All names that ``run(_:probe:sleep:)`` asks for.
    public static var names: [String] {
        Fault.allCases.flatMap { fault in
            [true, false].flatMap { streams in
                [true, false].map { name(fault, streams: streams, hasFallback: $0) }
            }
        }
    }

    /// Tries everything at once, on a gateway with ``configuration(_:names:)`` for ``names``.
    ///
    /// - Parameters:
    ///   - server: The faulty provider.
    ///   - probe: The caller.
    ///   - sleep: Waits, on the clock of server and probe.
    /// - Returns: What came of it; on a clock in real time after about two and a half minutes.
    public static func run(
        _ server: FaultServer, probe: FaultProbe, sleep: @escaping @Sendable (Duration) async throws -> Void
    ) async -> FaultReport {
        let rows = await withTaskGroup(of: (Int, Row).self) { group in
            var count = 0
            for fault in Fault.allCases {
                for hasFallback in [true, false] {
                    for streams in [true, false] {
                        let position = count
                        count += 1
                        group.addTask {
                            (position, await row(fault, streams, hasFallback, server, probe, sleep))
                        }
                    }
                }
            }
            return await group.reduce(into: [(Int, Row)]()) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
        return FaultReport(rows: rows)
    }

    private static func row(
        _ fault: Fault, _ streams: Bool, _ hasFallback: Bool, _ server: FaultServer, _ probe: FaultProbe,
        _ sleep: @Sendable (Duration) async throws -> Void
    ) async -> Row {
        let name = name(fault, streams: streams, hasFallback: hasFallback)
        let target = hasFallback ? route(name) : name
        var views = [await probe.ask(target, streams: streams)]
        if fault == .outage {
            for _ in 1..<20 {
                try? await sleep(.seconds(4))
                views.append(await probe.ask(target, streams: streams))
            }
        }
        let after = await probe.ask(FaultServer.healthy, streams: streams)
        let asked = server.requests(of: name).map(\.time)
        let origin = asked.first ?? .zero
        let worst = views.first { !$0.isWhole } ?? views[0]
        return Row(
            fault: fault, streams: streams, hasFallback: hasFallback, view: worst, attempts: asked.map { $0 - origin },
            problem: FaultVerdict(fault: fault, streams: streams, hasFallback: hasFallback)
                .problem(views: views, after: after, attempts: asked.map { $0 - origin }))
    }
}

package import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import TurnoutCore
import TurnoutProviders
import TurnoutRouting

/// Builds a configuration from what is there: keys in the environment and model servers on this machine.
package struct Discovery: Sendable {
    /// A configuration and how it came about.
    package struct Result: Sendable {
        /// Ready to serve.
        package let configuration: Configuration
        /// What was found, a line each.
        package let findings: [String]
    }

    /// A local server that answered.
    struct Found: Sendable, Equatable {
        let service: KnownServices.Local
        let models: [String]
    }

    private let environment: [String: String]
    private let services: [KnownServices.Local]
    private let patience: Duration
    private let clock: any Clock<Duration>

    /// - Parameters:
    ///   - environment: Where keys are looked for.
    ///   - services: Local servers to be asked, all at once.
    ///   - patience: How long they have to answer, to the last byte.
    ///   - clock: Where that time passes.
    package init(
        environment: [String: String], services: [KnownServices.Local] = KnownServices.local,
        patience: Duration = .milliseconds(150), clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.environment = environment
        self.services = services
        self.patience = patience
        self.clock = clock
    }

    /// Looks around.
    package func run(client: HTTPClient) async -> Result {
        let found = await withTaskGroup(of: Found?.self) { group in
            for service in services { group.addTask { await ask(service, client: client) } }
            var found: [Found] = []
            for await answer in group { if let answer { found.append(answer) } }
            return found.sorted { $0.service.name < $1.service.name }
        }
        return configure(found)
    }

    private func ask(_ service: KnownServices.Local, client: HTTPClient) async -> Found? {
        await withTaskGroup(of: Found?.self) { group in
            group.addTask { await models(of: service, client: client) }
            group.addTask {
                try? await clock.sleep(for: patience)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    private func models(of service: KnownServices.Local, client: HTTPClient) async -> Found? {
        struct List: Decodable {
            struct Model: Decodable { let id: String }
            let data: [Model]
        }
        var request = HTTPClientRequest(url: "\(service.baseURL)/models")
        request.headers.add(name: "accept", value: "application/json")
        guard let response = try? await client.execute(request, deadline: .distantFuture), response.status == .ok,
            let body = try? await response.body.collect(upTo: 1 << 20),
            let list = try? JSONDecoder().decode(List.self, from: Data(body.readableBytesView))
        else { return nil }
        let models = list.data.map(\.id).filter { !$0.lowercased().contains("embed") }
        return models.isEmpty ? nil : Found(service: service, models: models)
    }

    /// The configuration for what was found: local models by size, then hosted ones, weakest first.
    func configure(_ found: [Found]) -> Result {
        var providers: [Configuration.Provider] = []
        var models: [(model: Configuration.Model, size: Double)] = []
        var findings: [String] = []
        for entry in found {
            providers.append(
                .init(name: entry.service.name, kind: .openAI(baseURL: entry.service.baseURL, key: nil, timeout: nil)))
            models += entry.models.map { id in
                (.init(name: ModelID(id), provider: entry.service.name, id: id), SizeClass.billions(in: id) ?? 0)
            }
            findings.append(
                "\(entry.service.name) at \(entry.service.baseURL): \(entry.models.joined(separator: ", "))")
        }
        models.sort { $0.size < $1.size }
        for service in KnownServices.hosted {
            guard let key = environment[service.variable], !key.isEmpty else { continue }
            if let problem = Secret.problem(with: key) {
                findings.append("\(service.variable) \(problem); until then it is not used")
                continue
            }
            providers.append(
                .init(name: service.name, kind: .openAI(baseURL: service.baseURL, key: Secret(key), timeout: nil)))
            models += [service.weak, service.strong].map { id in
                (.init(name: ModelID(id), provider: service.name, id: id), .infinity)
            }
            findings.append("\(service.variable) is set: \(service.weak), \(service.strong)")
        }
        guard !models.isEmpty else { return simulated() }
        let unique = models.map(\.model).reduce(into: [Configuration.Model]()) { kept, model in
            if !kept.contains(where: { $0.name == model.name }) { kept.append(model) }
        }
        var configuration = Configuration(
            providers: providers, models: unique, encoders: [Self.encoder], routes: [Self.route(unique)])
        configuration.fillFromCatalogue()
        return Result(configuration: configuration, findings: findings)
    }

    private func simulated() -> Result {
        let models = ["weak", "strong"].map { Configuration.Model(name: ModelID($0), provider: "simulated", id: $0) }
        let configuration = Configuration(
            providers: [.init(name: "simulated", kind: .simulated(SimulatedTransport.Options()))], models: models,
            encoders: [Self.encoder], routes: [Self.route(models)])
        return Result(
            configuration: configuration,
            findings: [
                "no model server on this machine and no key in the environment: SIMULATED models 'weak' and 'strong' answer"
            ])
    }

    /// The table in the binary: embeddings that need nothing else.
    private static var encoder: Configuration.Encoder { .init(name: "turnout-static", encoder: "static") }

    private static func route(_ models: [Configuration.Model]) -> Configuration.Route {
        Configuration.Route(name: "auto", candidates: models.map(\.name), policy: .strongShare(0.3))
    }
}

import Foundation
import Synchronization

/// Many callers at once on a gateway whose providers are killed, frozen and restarted at random.
public struct Soak: Sendable {
    /// What came of it.
    public struct Report: Sendable, Equatable {
        /// Answers that were whole.
        public internal(set) var whole = 0
        /// Errors that said so.
        public internal(set) var cleanErrors = 0
        /// Parts of an answer that were called the whole: must be none.
        public internal(set) var truncated = 0
        /// Connections that broke: must be none.
        public internal(set) var broken = 0
        /// The longest that a caller waited for the last byte.
        public internal(set) var longest = Duration.zero
        /// Times that a provider was killed, frozen or restarted.
        public internal(set) var disturbances = 0
        /// Resident memory of this process in MB: a sample every five seconds.
        public internal(set) var memory: [Double] = []
        /// Requests that were over by then, at each of these samples: as many decisions were made.
        public internal(set) var answers: [Int] = []
        /// The first thing that was wrong, in words.
        public internal(set) var firstProblem: String?

        /// One JSON object.
        public var json: String {
            let problem = firstProblem.map { "\"\($0.replacing("\"", with: "'"))\"" } ?? "null"
            return """
                {"whole":\(whole),"clean_errors":\(cleanErrors),"truncated":\(truncated),"broken":\(broken),\
                "longest_s":\((longest / .milliseconds(10)).rounded() / 100),"disturbances":\(disturbances),\
                "memory_mb":[\(memory.map { String(($0 * 10).rounded() / 10) }.joined(separator: ","))],\
                "answers":[\(answers.map(String.init).joined(separator: ","))],\
                "first_problem":\(problem)}
                """
        }
    }

    private let servers: [FaultServer]
    private let probe: FaultProbe
    private let route: String
    private let state = State()

    private final class State: Sendable {
        let report = Mutex(Report())
    }

    /// - Parameters:
    ///   - servers: The providers, each behind a model of the route.
    ///   - probe: The caller.
    ///   - route: What is asked for.
    public init(servers: [FaultServer], probe: FaultProbe, route: String) {
        self.servers = servers
        self.probe = probe
        self.route = route
    }

    /// The settings of a gateway for such servers, with a route `auto` over all of them.
    public static func configuration(_ servers: [FaultServer]) -> String {
        let names = servers.indices.map { "\(FaultServer.healthy)-\($0)" }
        let providers = servers.enumerated().map {
            "  p\($0.offset): { protocol: openai, base_url: '\($0.element.baseURL)' }"
        }
        let models = names.enumerated().map { "  \($0.element): { provider: p\($0.offset) }" }
        return """
            providers:
            \(providers.joined(separator: "\n"))
            models:
            \(models.joined(separator: "\n"))
            routes:
              auto: { candidates: [\(names.joined(separator: ", "))], policy: { strong_share: 0 } }
            """
    }

    /// Runs, then lets every request under way end.
    ///
    /// - Parameters:
    ///   - callers: How many ask at once.
    ///   - duration: For how long.
    /// - Returns: What came of it.
    public func run(callers: Int, duration: Duration) async -> Report {
        let end = ContinuousClock.now + duration
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<callers {
                group.addTask { await ask(until: end, streams: number % 5 != 0) }
            }
            group.addTask { await disturb(until: end) }
            group.addTask { await watch(until: end) }
        }
        return state.report.withLock { $0 }
    }

    private func ask(until end: ContinuousClock.Instant, streams: Bool) async {
        while ContinuousClock.now < end {
            let view = await probe.ask(route, streams: streams)
            state.report.withLock { report in
                report.longest = max(report.longest, view.duration)
                if view.isWhole {
                    report.whole += 1
                } else if view.isTruncatedSuccess {
                    report.truncated += 1
                    report.firstProblem = report.firstProblem ?? "truncated after \(view.text.suffix(30))"
                } else if let broken = view.broken {
                    report.broken += 1
                    report.firstProblem = report.firstProblem ?? broken
                } else {
                    report.cleanErrors += 1
                }
            }
        }
    }

    private func disturb(until end: ContinuousClock.Instant) async {
        while ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(Int.random(in: 200...3000)))
            guard let server = servers.randomElement() else { return }
            state.report.withLock { $0.disturbances += 1 }
            if Bool.random() {
                server.freeze(true)
                try? await Task.sleep(for: .milliseconds(Int.random(in: 100...14_000)))
                server.freeze(false)
            } else {
                let port = server.port
                try? await server.stop()
                try? await Task.sleep(for: .milliseconds(Int.random(in: 100...3000)))
                try? await server.listen(port: port)
            }
        }
    }

    private func watch(until end: ContinuousClock.Instant) async {
        while ContinuousClock.now < end {
            if let memory = Self.residentMegabytes() {
                state.report.withLock { report in
                    report.memory.append(memory)
                    report.answers.append(report.whole + report.cleanErrors + report.truncated + report.broken)
                }
            }
            for server in servers { server.forgetRequests() }
            try? await Task.sleep(for: .seconds(5))
        }
    }

    private static func residentMegabytes() -> Double? {
        let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        return status?.firstMatch(of: #/VmRSS:\s+(\d+) kB/#).flatMap { Double($0.1) }.map { $0 / 1024 }
    }
}

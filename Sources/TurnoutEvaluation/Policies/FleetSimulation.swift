import Foundation
public import TurnoutCore
import TurnoutNumerics
public import TurnoutRouting

/// Models that grow slower the more they have to do, and whoever shares requests out among them.
///
/// Each model shares its processor among the requests it has: up to its capacity all run at full speed, beyond it each
/// gets an equal part. Requests come at random at a rate that swings; one model is slow for a while through no fault of
/// these requests. What the policy knows of speeds is what the gateway would know. Nothing else about the policies is
/// simulated: the choice is the ``Decider``'s.
public struct FleetSimulation: Sendable {
    /// Who shares requests out.
    public enum Chooser: Sendable, CaseIterable {
        /// One model after the other.
        case roundRobin
        /// Always the cheapest.
        case cheapest
        /// The best estimate, whatever it takes.
        case latency
        /// As `latency`, but nothing is known of streams under way and of requests that wait.
        case latencyFromAnswers
        /// As `latency`, but speeds stay known for ever.
        case latencyWithoutAgeing

        /// In words.
        public var name: String {
            switch self {
            case .roundRobin: "round robin"
            case .cheapest: "always the cheapest"
            case .latency: "policy latency"
            case .latencyFromAnswers: "policy latency, ended answers"
            case .latencyWithoutAgeing: "policy latency, old speeds kept"
            }
        }
    }

    /// What came of it.
    public struct Outcome: Sendable, Equatable {
        /// Requests that came.
        public var count = 0
        /// The share of requests that were answered within the bound.
        public var inside = 0.0
        /// Mean chance that the chosen model answers well.
        public var quality = 0.0
        /// Mean dollars of a request.
        public var cost = 0.0
        /// Seconds to the first token that one request in twenty waited longer than.
        public var firstTokenP95 = 0.0
        /// The share of requests that each model got.
        public var shares: [Double] = []
    }

    /// The models, weakest first.
    public let models: [FleetModel]
    /// How long an answer may take.
    public var bound = LatencyBound.interactive
    /// Requests a second on average.
    public var rate = 12.0
    /// Seconds that are simulated.
    public var duration = 3600.0

    /// Five models from small to large, the larger the slower, and all together able to carry four times the load.
    public init(models: [FleetModel] = FleetModel.five) { self.models = models }

    /// Runs the simulation; the same seed brings the same requests to every chooser.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` for a fleet or bound that means nothing.
    public func run(_ chooser: Chooser, seed: UInt64) throws -> Outcome {
        var run = try FleetRun(self, chooser, seed: seed)
        return run.outcome()
    }
}

/// One model of a simulated fleet.
public struct FleetModel: Sendable {
    /// What it is called and how large it is.
    public let candidate: Candidate
    /// How fast it is with little to do.
    public let speed: Speed
    /// Requests that run at full speed at the same time.
    public let capacity: Double
    /// The chance that it answers a middling request well.
    public let quality: Double

    /// Describes a model.
    public init(_ name: String, _ size: SizeClass, speed: Speed, capacity: Double, quality: Double, price: Double) {
        var facts = CatalogueEntry(provider: "fleet", id: name)
        facts.sizeClass = size
        facts.price = Money(dollars: price).map { Price(inputPerMillion: $0, outputPerMillion: $0) }
        self.candidate = Candidate(model: ModelID(name), facts: facts)
        self.speed = speed
        self.capacity = capacity
        self.quality = quality
    }

    /// From 1 to 70 billion parameters, in dollars for a million tokens; speeds within a factor of two of the priors of
    /// their sizes.
    public static let five: [FleetModel] = [
        model("1b", .under3B, 0.1, 220, capacity: 32, quality: 0.45, price: 0.05),
        model("4b", .from3B, 0.2, 140, capacity: 24, quality: 0.55, price: 0.1),
        model("8b", .from7B, 0.4, 80, capacity: 24, quality: 0.65, price: 0.2),
        model("24b", .from14B, 0.5, 50, capacity: 20, quality: 0.74, price: 0.5),
        model("70b", .from32B, 0.7, 35, capacity: 16, quality: 0.8, price: 0.9),
    ]

    private static func model(
        _ name: String, _ size: SizeClass, _ firstToken: Double, _ tokensPerSecond: Double, capacity: Double,
        quality: Double, price: Double
    ) -> FleetModel {
        FleetModel(
            name, size, speed: Speed(firstToken: firstToken, tokensPerSecond: tokensPerSecond), capacity: capacity,
            quality: quality, price: price)
    }
}

/// A request at a model.
private struct FleetRequest {
    let arrival: Double
    let tokens: Int
    /// Seconds of the model's undivided attention until the first token, and from there to the last.
    var untilFirst: Double
    var untilLast: Double
    var firstToken: Double?
    /// Where the piece of the stream began that was not heard of yet, and how many tokens were written by then.
    var piece = (start: 0.0, tokens: 0)
}

/// One model at work.
private struct FleetServer {
    let model: FleetModel
    var clock = 0.0
    var requests: [FleetRequest] = []
    /// How many times as long everything takes.
    var slowdown = 1.0
    /// Whether what is under way is known, or only what has ended.
    var hearsStreams = true
    var live = LiveSpeed()

    private var pace: Double { min(1, model.capacity / Double(max(requests.count, 1))) / slowdown }

    /// When the next first or last token comes.
    var next: Double {
        let least = requests.lazy.map { $0.firstToken == nil ? $0.untilFirst : $0.untilLast }.min()
        return least.map { clock + max($0, 0) / pace } ?? .infinity
    }

    /// Works until a time before which nothing else happens; gives back what is finished then.
    mutating func work(until time: Double) -> [FleetRequest] {
        let done = max(time - clock, 0) * pace
        clock = time
        var finished: [FleetRequest] = []
        for index in requests.indices.reversed() {
            if requests[index].firstToken != nil {
                requests[index].untilLast -= done
                let isFinished = requests[index].untilLast <= 1e-9
                if isFinished || hearsStreams { listen(to: index, at: time, isFinished: isFinished) }
                if isFinished { finished.append(requests.remove(at: index)) }
            } else {
                requests[index].untilFirst -= done
                guard requests[index].untilFirst <= 1e-9 else { continue }
                requests[index].firstToken = time
                requests[index].piece = (time, 1)
                live.began(askedAt: .seconds(requests[index].arrival), at: .seconds(time))
            }
        }
        return finished
    }

    /// Hears what a stream has written since it was last listened to, where that is enough.
    private mutating func listen(to index: Int, at time: Double, isFinished: Bool) {
        let request = requests[index]
        let left = max(request.untilLast, 0) * model.speed.tokensPerSecond
        let (written, duration) = (
            request.tokens - Int(left.rounded(.up)), Duration.seconds(time - request.piece.start)
        )
        let tokens = written - request.piece.tokens
        guard isFinished || duration >= LiveSpeed.piece && tokens >= LiveSpeed.leastTokens else { return }
        live.heard(tokens: tokens, in: duration, at: .seconds(time))
        requests[index].piece = (time, written)
    }

    mutating func take(_ tokens: Int, at time: Double) {
        if hearsStreams { live.asked(at: .seconds(time)) }
        requests.append(
            FleetRequest(
                arrival: time, tokens: tokens, untilFirst: model.speed.firstToken,
                untilLast: Double(tokens) / model.speed.tokensPerSecond))
    }
}

/// A simulation under way.
private struct FleetRun {
    let simulation: FleetSimulation
    let chooser: FleetSimulation.Chooser
    let decider: Decider
    var servers: [FleetServer]
    var random: SeededRandom
    var counts: [Int]
    var dollars = 0.0, quality = 0.0
    var inside = 0
    var firstTokens: [Double] = []

    init(_ simulation: FleetSimulation, _ chooser: FleetSimulation.Chooser, seed: UInt64) throws {
        guard simulation.models.allSatisfy({ $0.capacity > 0 }), simulation.rate > 0 else {
            throw TurnoutError(.invalidArgument, "a fleet needs models with a capacity, and requests to answer")
        }
        self.simulation = simulation
        self.chooser = chooser
        // What is expected of each model is handed over with the request, so that the router is never asked.
        self.decider = try Decider(
            candidates: simulation.models.map(\.candidate), router: CausalLLMRouter(classifier: "none"),
            policy: Policy(nil, latency: simulation.bound))
        self.servers = simulation.models.map { FleetServer(model: $0, hearsStreams: chooser != .latencyFromAnswers) }
        self.random = SeededRandom(seed: seed)
        self.counts = simulation.models.map { _ in 0 }
    }

    mutating func outcome() -> FleetSimulation.Outcome {
        var (arrival, arrived) = (gap(after: 0), 0)
        // The best model takes four times as long for a tenth of the time.
        var changes = [(0.4, 4.0), (0.5, 1.0)].map { (time: $0.0 * simulation.duration, slowdown: $0.1) }[...]
        while true {
            let time = min(servers.map(\.next).min() ?? .infinity, arrival, changes.first?.time ?? .infinity)
            guard time.isFinite else { break }
            for index in servers.indices { servers[index].work(until: time).forEach { note($0, at: time) } }
            if let change = changes.first, change.time <= time {
                servers[servers.count - 1].slowdown = change.slowdown
                changes.removeFirst()
            }
            guard arrival <= time else { continue }
            send(at: time, number: arrived)
            arrived += 1
            let following = time + gap(after: time)
            arrival = following < simulation.duration ? following : .infinity
        }
        let total = Double(max(arrived, 1))
        let sorted = firstTokens.sorted()
        return FleetSimulation.Outcome(
            count: arrived, inside: Double(inside) / total, quality: quality / total, cost: dollars / total,
            firstTokenP95: sorted.isEmpty ? 0 : sorted[sorted.count * 95 / 100],
            shares: counts.map { Double($0) / total })
    }

    /// Seconds to the next request: the rate swings by 60 % six times in the duration.
    private mutating func gap(after time: Double) -> Double {
        let rate = simulation.rate * (1 + 0.6 * sin(12 * .pi * time / simulation.duration))
        return -log(1 - random.uniform()) / rate
    }

    private mutating func send(at time: Double, number: Int) {
        // The length of an answer is log-normal about 200 tokens; a hard request is hard for all models.
        let radius = (-2 * log(1 - random.uniform())).squareRoot()
        let tokens = Int(min(max(200 * exp(0.6 * radius * cos(2 * .pi * random.uniform())), 5), 2000))
        let ease = Double.random(in: -0.2...0.2, using: &random)
        let estimates = simulation.models.map { Estimate(value: $0.quality + ease, low: 0, high: 1) }
        let chosen = choose(Assessment(score: 0.5 - ease, estimates: estimates), number, at: time)
        servers[chosen].take(tokens, at: time)
        counts[chosen] += 1
        quality += estimates[chosen].value
        let usage = TokenUsage(input: 100, output: tokens)
        dollars += simulation.models[chosen].candidate.price?.cost(of: usage)?.dollars ?? 0
    }

    private func choose(_ assessment: Assessment, _ number: Int, at time: Double) -> Int {
        switch chooser {
        case .roundRobin: return number % servers.count
        case .cheapest: return 0
        case .latency, .latencyFromAnswers, .latencyWithoutAgeing:
            let live = servers.map { server in
                var live = server.live.condition(isAvailable: true, at: .seconds(time))
                if chooser == .latencyWithoutAgeing { live.age = 0 }
                return live
            }
            let model = try? decider.decide(Query(""), assessed: assessment, under: Conditions(live: live)).model
            return servers.firstIndex { $0.model.candidate.model == model } ?? 0
        }
    }

    private mutating func note(_ request: FleetRequest, at time: Double) {
        let first = (request.firstToken ?? time) - request.arrival
        firstTokens.append(first)
        if simulation.bound.allows(firstToken: first, total: time - request.arrival) { inside += 1 }
    }
}

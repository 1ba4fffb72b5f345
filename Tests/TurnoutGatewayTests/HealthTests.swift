import Testing
import TurnoutCore
import TurnoutProviders
import TurnoutRouting

@testable import TurnoutGateway

struct HealthTests {
    private static func upstream(_ name: String, provider: String) -> Upstream {
        Upstream(model: ModelID(name), provider: provider, id: name, transport: ScriptedTransport(.hang))
    }
    private let one = upstream("one", provider: "a")
    private let two = upstream("two", provider: "b")
    private let broken = AttemptFailure(.serverError)

    @Test("three failures in a row open the breaker, a success closes it")
    func breaker() {
        var breaker = Breaker()
        breaker.fail(now: .zero)
        breaker.fail(now: .zero)
        #expect(breaker.isClosed)
        breaker.succeed()
        for _ in 0..<3 { breaker.fail(now: .seconds(1)) }
        #expect(breaker.state == .open(until: .seconds(6)))
        #expect(!breaker.allowsProbe(now: .seconds(5)) && breaker.allowsProbe(now: .seconds(6)))
        breaker.probe(now: .seconds(6))
        #expect(!breaker.allowsProbe(now: .seconds(7)), "one probe at a time")
        breaker.fail(now: .seconds(7))
        #expect(breaker.state == .open(until: .seconds(17)), "twice as long")
        breaker.probe(now: .seconds(17))
        breaker.release(now: .seconds(18))
        #expect(breaker.allowsProbe(now: .seconds(18)), "who leaves without a word leaves the place to the next")
        breaker.succeed()
        #expect(breaker == Breaker())
    }

    @Test("pauses grow to twenty seconds and no further")
    func pauses() {
        var breaker = Breaker()
        for _ in 0..<3 { breaker.fail(now: .zero) }
        var now = Duration.zero
        for expected in [5, 10, 20, 20, 20] {
            #expect(breaker.remaining(now: now) == .seconds(expected))
            now += .seconds(expected)
            breaker.probe(now: now)
            breaker.fail(now: now)
        }
    }

    @Test("who is well comes first, and one who is not is the last resort")
    func order() {
        let health = HealthRegistry()
        let all = [one, two]
        #expect(health.order(all, now: .zero).map(\.index) == [0, 1])
        for _ in 0..<3 { health.failed(one, broken, now: .zero) }
        let ill = health.order(all, now: .seconds(1))
        #expect(ill.map(\.index) == [1, 0] && ill.map(\.isLastResort) == [false, true])
        for _ in 0..<3 { health.failed(two, broken, now: .seconds(2)) }
        #expect(health.order(all, now: .seconds(3)).map(\.index) == [0], "when all are ill, the one that is back first")
    }

    @Test("after the pause one request tries, and the others do not until it is known")
    func probe() {
        let health = HealthRegistry()
        for _ in 0..<3 { health.failed(one, broken, now: .zero) }
        #expect(health.order([one, two], now: .seconds(6)).map(\.index) == [0, 1])
        #expect(health.order([one, two], now: .seconds(6)).map(\.index) == [1, 0])
        health.answered(one, firstToken: .milliseconds(300), now: .zero)
        #expect(health.order([one, two], now: .seconds(7)).map(\.index) == [0, 1])
        #expect(health.entry(model: "one").speed.firstToken == 0.3)
    }

    @Test("whoever asks to be left alone is left alone so long, and is not taken for ill")
    func pause() {
        let health = HealthRegistry()
        for _ in 0..<5 { health.failed(one, AttemptFailure(.rateLimited, retryAfter: .seconds(30)), now: .zero) }
        let order = health.order([one, two], now: .seconds(10))
        #expect(order.map(\.index) == [1, 0] && order[1].pause == .seconds(20) && !order[1].isLastResort)
        #expect(health.pause(of: one, now: .seconds(10)) == .seconds(20))
        #expect(health.order([one, two], now: .seconds(31)).map(\.index) == [0, 1])
    }

    @Test("an unreachable provider keeps all its models back; a failing model only itself")
    func scope() {
        let health = HealthRegistry()
        let sibling = Self.upstream("sibling", provider: "a")
        for _ in 0..<3 { health.failed(one, broken, now: .zero) }
        #expect(health.order([sibling, two], now: .seconds(1)).map(\.index) == [0, 1])
        for _ in 0..<3 { health.failed(one, AttemptFailure(.unreachable), now: .zero) }
        #expect(health.order([sibling, two], now: .seconds(1)).map(\.index) == [1, 0])
    }

    @Test("the client's fault is not the model's")
    func innocent() {
        let health = HealthRegistry()
        for _ in 0..<9 { health.failed(one, AttemptFailure(.contentPolicy), now: .zero) }
        #expect(health.entry(model: "one").failures == 0)
    }

    @Test("a snapshot tells who can be asked and how fast each has been, without taking anybody's place")
    func snapshot() {
        let health = HealthRegistry()
        #expect(health.snapshot(of: [one], now: .zero) == [HealthRegistry.Condition()], "nothing known is no obstacle")
        health.answered(two, firstToken: .milliseconds(200), now: .zero)
        health.heard(two, tokens: 50, in: .seconds(2), now: .zero)
        for _ in 0..<3 { health.failed(one, broken, now: .zero) }
        func available(_ seconds: Int) -> [Bool] {
            health.snapshot(of: [one, two], now: .seconds(seconds)).map(\.isAvailable)
        }
        #expect(available(1) == [false, true])
        #expect(available(6) == [true, true] && available(6) == [true, true], "somebody has to find out")
        #expect(health.order([one, two], now: .seconds(6)).map(\.index) == [0, 1])
        #expect(available(6) == [false, true], "one at a time")
        let speed = health.snapshot(of: [two], now: .zero)[0].speed
        #expect(speed.firstToken == 0.2 && speed.tokensPerSecond == 25)
    }

    @Test("a snapshot knows of pauses, and of providers that are down with all their models")
    func snapshotOfProviders() {
        let health = HealthRegistry()
        let sibling = Self.upstream("sibling", provider: "a")
        health.failed(two, AttemptFailure(.rateLimited, retryAfter: .seconds(30)), now: .zero)
        for _ in 0..<3 { health.failed(one, AttemptFailure(.unreachable), now: .zero) }
        #expect(health.snapshot(of: [sibling, two], now: .seconds(1)).map(\.isAvailable) == [false, false])
        #expect(health.snapshot(of: [sibling, two], now: .seconds(31)).map(\.isAvailable) == [true, true])
    }

    @Test("the gateway looks models up by name, and knows nothing ill of others")
    func snapshotByName() async throws {
        let fixture = try GatewayFixture(weak: .answer(503, ""))
        let body = #"{"model":"auto","messages":[{"role":"user","content":"qq"}]}"#
        for _ in 0..<3 { _ = try await fixture.chat(body) }
        let conditions = fixture.gateway.snapshot(of: ["weak", "elsewhere", "strong"])
        #expect(conditions.map(\.isAvailable) == [false, true, true])
    }
}

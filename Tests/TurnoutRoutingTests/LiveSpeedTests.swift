import Testing

@testable import TurnoutRouting

struct LiveSpeedTests {
    /// A model that has answered a stream in half a second and at fifty tokens a second.
    private static var known: LiveSpeed {
        var speed = LiveSpeed()
        speed.asked(at: .zero)
        speed.began(askedAt: .zero, at: .milliseconds(500))
        speed.heard(tokens: 50, in: .seconds(1), at: .milliseconds(1500))
        return speed
    }

    private func firstToken(_ speed: LiveSpeed, at seconds: Double) -> Double? {
        speed.condition(isAvailable: true, at: .seconds(seconds)).speed?.firstToken
    }

    @Test("nothing is said of a model before both its speeds are known")
    func unknown() {
        var speed = LiveSpeed()
        speed.asked(at: .zero)
        #expect(speed.condition(isAvailable: true, at: .seconds(9)).speed == nil)
        speed.began(askedAt: .zero, at: .seconds(9))
        speed.heard(tokens: 9, in: .seconds(1), at: .seconds(10))
        #expect(speed.condition(isAvailable: true, at: .seconds(10)).speed == nil, "nine tokens say nothing")
    }

    @Test("a request that waits longer than usual counts as if its first token came now, and no sooner")
    func waiting() {
        var speed = Self.known
        speed.asked(at: .seconds(2))
        #expect(firstToken(speed, at: 2.5) == 0.5)
        #expect(firstToken(speed, at: 12) == 0.5 + 0.2 * 9.5)
        #expect(speed.condition(isAvailable: true, at: .seconds(12)).age == 0, "it is known as of now")
        #expect(speed.firstToken == 0.5, "and is not over yet")
        speed.began(askedAt: .seconds(2), at: .seconds(12))
        #expect(speed.firstToken == 0.5 + 0.2 * 9.5)
        #expect(firstToken(speed, at: 100) == speed.firstToken, "nobody waits any more")
    }

    @Test("the more requests wait, the nearer the estimate is to how long they do; beyond sixteen nothing changes")
    func queue() throws {
        var speed = Self.known
        var last = 0.5
        for count in 1...40 {
            speed.asked(at: .seconds(2))
            let expected = try #require(firstToken(speed, at: 12))
            if count <= 16 { #expect(expected > last) } else { #expect(expected == last) }
            #expect(expected < 10)
            last = expected
        }
        #expect(last > 9.5)
    }

    @Test("a request that is given up is remembered where it waited long, and not where it did not")
    func stopped() {
        var speed = Self.known
        speed.asked(at: .seconds(2))
        speed.stopped(askedAt: .seconds(2), at: .seconds(2.3))
        #expect(speed.firstToken == 0.5)
        speed.asked(at: .seconds(3))
        speed.stopped(askedAt: .seconds(3), at: .seconds(13))
        #expect(speed.firstToken == 0.5 + 0.2 * 9.5)
        speed.stopped(askedAt: .seconds(3), at: .seconds(99))
        #expect(speed.firstToken == 0.5 + 0.2 * 9.5, "once")
        #expect(firstToken(speed, at: 99) == speed.firstToken)
    }

    @Test("pieces of a stream that slows down are known before it ends")
    func pieces() {
        var speed = Self.known
        for second in 2...20 { speed.heard(tokens: 10, in: .seconds(1), at: .seconds(second)) }
        #expect((10..<11).contains(speed.tokensPerSecond ?? 0))
    }
}

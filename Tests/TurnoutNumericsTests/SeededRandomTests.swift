import Testing
import TurnoutNumerics

@Suite("Seeded random numbers")
struct SeededRandomTests {
    @Test("the sequence of a seed never changes, since artifacts depend on it")
    func sequence() {
        var random = SeededRandom(seed: 0)
        var again = SeededRandom(seed: 0)
        var other = SeededRandom(seed: 1)
        let drawn = (0..<4).map { _ in random.next() }
        #expect(drawn == (0..<4).map { _ in again.next() })
        #expect(drawn != (0..<4).map { _ in other.next() })
        #expect(drawn[0] == 0x99EC_5F36_CB75_F2B4)  // xoshiro256** after SplitMix64 of zero
    }

    @Test("bounded draws are in range and even")
    func bounded() {
        var random = SeededRandom(seed: 3)
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<70_000 { counts[random.next(below: 7)] += 1 }
        #expect(counts.allSatisfy { abs($0 - 10_000) < 500 })
    }

    @Test("a permutation holds every number once", arguments: [0, 1, 2, 17, 1000])
    func permutation(count: Int) {
        var random = SeededRandom(seed: 9)
        #expect(random.permutation(of: count).sorted() == Array(0..<count))
    }

    @Test("uniform numbers fill 0…1")
    func uniform() {
        var random = SeededRandom(seed: 5)
        let drawn = (0..<10_000).map { _ in random.uniform() }
        #expect(drawn.allSatisfy { $0 >= 0 && $0 < 1 })
        #expect(abs(drawn.reduce(0, +) / 10_000 - 0.5) < 0.02)
    }
}

/// Microseconds that one call takes: the least and the median over many batches.
///
/// The least is what the code costs; the median says how quiet the machine was.
struct Measurement {
    let least: Double
    let median: Double

    init(batches: Int = 31, batchMilliseconds: Double = 10, _ body: () -> Void) {
        let clock = ContinuousClock()
        func microseconds(_ calls: Int) -> Double {
            let spent = clock.measure { for _ in 0..<calls { body() } }
            return Double(spent.components.seconds) * 1e6 + Double(spent.components.attoseconds) / 1e12
        }
        var calls = 1
        while microseconds(calls) < batchMilliseconds * 500, calls < 1 << 20 { calls *= 2 }
        let times = (0..<batches).map { _ in microseconds(calls) / Double(calls) }.sorted()
        least = times.first ?? .nan
        median = times[times.count / 2]
    }
}

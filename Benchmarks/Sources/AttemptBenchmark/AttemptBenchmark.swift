import Foundation

/// Processor time of a request with the attempt engine and without it, over one simulated provider in this process.
///
/// The targets of the gateway promise nothing to other packages, hence the flag:
///
///     swift run -c release -Xswiftc -enable-testing AttemptBenchmark
@main
struct AttemptBenchmark {
    /// Requests at once.
    static let concurrency = 32

    static func main() async throws {
        print("microseconds of processor time a request, \(concurrency) at once, least of 9 rounds (median):")
        for tokens in [nil, 60, 600] {
            let setting = try Setting(tokens: tokens)
            let count = tokens.map { 120_000 / ($0 + 20) } ?? 6000
            var relays: [Double] = []
            var engines: [Double] = []
            // In turn, so that what else the machine does falls on both.
            for _ in 0..<9 {
                relays.append(try await cost(of: count) { try await setting.relay() })
                engines.append(try await cost(of: count) { try await setting.engine() })
            }
            let added = (engines.min() ?? .nan) - (relays.min() ?? .nan)
            var line = tokens.map { "stream of \($0) tokens" } ?? "whole answer"
            line += ": bare relay \(both(relays)), attempt engine \(both(engines)); the engine adds "
            line += String(format: "%.2f", added)
            if let tokens { line += String(format: ", %.3f a token", added / Double(tokens)) }
            print(line)
        }
    }

    private static func both(_ costs: [Double]) -> String {
        String(format: "%.2f (%.2f)", costs.min() ?? .nan, costs.sorted()[costs.count / 2])
    }

    /// Processor time of one of `count` calls, in microseconds.
    static func cost(of count: Int, _ body: @escaping @Sendable () async throws -> Int) async throws -> Double {
        let start = processorMicroseconds()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<concurrency {
                group.addTask {
                    var bytes = 0
                    for _ in 0..<count / concurrency { bytes += try await body() }
                    return bytes
                }
            }
            for try await bytes in group { precondition(bytes > 0) }
        }
        return (processorMicroseconds() - start) / Double(count / concurrency * concurrency)
    }

    private static func processorMicroseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }
}

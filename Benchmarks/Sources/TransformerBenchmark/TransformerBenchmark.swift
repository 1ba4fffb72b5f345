import Foundation
import TurnoutEncoders
import TurnoutNumerics

/// Times a transformer on random token ids and prints one JSON line.
///
/// `Reference/bench_onnx.py` runs it side by side with ONNX Runtime.
///
///     TransformerBenchmark MODEL_FOLDER STORAGE THREADS LENGTH SECONDS   least and median milliseconds of one forward pass
///     TransformerBenchmark MODEL_FOLDER STORAGE THREADS soak COUNT       resident memory while COUNT texts are encoded
@main
struct TransformerBenchmark {
    static func main() {
        do {
            try run(CommandLine.arguments)
        } catch {
            print("TransformerBenchmark: \(error)")
            exit(1)
        }
    }

    private static func run(_ arguments: [String]) throws {
        guard arguments.count == 6, let storage = WeightStorage(rawValue: arguments[2]), let threads = Int(arguments[3])
        else {
            print("usage: TransformerBenchmark MODEL_FOLDER float32|bfloat16|int8 THREADS LENGTH SECONDS|soak COUNT")
            exit(2)
        }
        let encoder = try TransformerEncoder(folder: arguments[1], options: .init(storage: storage, threads: threads))
        if arguments[4] == "soak" {
            print(try soak(encoder, count: Int(arguments[5]) ?? 100_000))
        } else {
            print(try benchmark(encoder, length: Int(arguments[4]) ?? 16, duration: Double(arguments[5]) ?? 2))
        }
    }

    private static func residentMegabytes() -> Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return (line.flatMap { Double($0.split(separator: " ").dropFirst().first ?? "") } ?? 0) / 1024
    }

    /// On a busy machine the time of the calling thread tells more than the clock on the wall, if there is but one.
    private static let clock =
        ProcessInfo.processInfo.environment["TURNOUT_PROCESSOR_TIME"] == nil ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func seconds(_ work: () throws -> Void) rethrows -> Double {
        let start = now()
        try work()
        return now() - start
    }

    private static func randomIDs(_ length: Int, _ random: inout SeededRandom) -> [Int32] {
        [101] + (0..<max(length - 2, 0)).map { _ in Int32.random(in: 1000..<20000, using: &random) } + [102]
    }

    private static func benchmark(_ encoder: TransformerEncoder, length: Int, duration: Double) throws -> String {
        var random = SeededRandom(seed: 1)
        let ids = [randomIDs(length, &random)]
        for _ in 0..<3 { _ = try encoder.encode(tokenIDs: ids) }
        var times: [Double] = []
        let end = now() + duration
        while now() < end || times.count < 5 {
            times.append(try seconds { _ = try encoder.encode(tokenIDs: ids) })
        }
        times.sort()
        return
            "{\"least_ms\": \(times[0] * 1e3), \"median_ms\": \(times[times.count / 2] * 1e3), \"resident_mb\": \(residentMegabytes())}"
    }

    private static func soak(_ encoder: TransformerEncoder, count: Int) throws -> String {
        var random = SeededRandom(seed: 2), samples: [String] = []
        for i in 0...count {
            _ = try encoder.encode(tokenIDs: [randomIDs(Int.random(in: 3...24, using: &random), &random)])
            if i % max(count / 10, 1) == 0 { samples.append("\(residentMegabytes())") }
        }
        return "{\"resident_mb\": [\(samples.joined(separator: ", "))]}"
    }
}

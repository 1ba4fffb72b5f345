import ArgumentParser
import Foundation
import TurnoutEvaluation

struct BenchFleetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract:
            "Simulates models that grow slower under load, and says how often the policy 'latency' keeps its bound.",
        discussion: """
            Example: turnout bench fleet
            Five models, an hour of requests whose rate swings, the best model slow for six minutes of it; the bound is \
            'interactive': the first token within 2 seconds, the last within 20.
            """)

    @Option(help: "Requests a second on average.")
    var rate = 12.0

    @Option(help: "Simulations, each of other requests.")
    var repetitions = 5

    @Option(help: "Where random numbers start.")
    var seed: UInt64 = 0

    func validate() throws {
        guard rate > 0, rate <= 1000 else {
            throw ValidationError("--rate is \(rate), but must lie between 0 and 1000")
        }
        guard 1...1000 ~= repetitions else {
            throw ValidationError("--repetitions is \(repetitions), but must lie between 1 and 1000")
        }
    }

    func run() throws {
        var simulation = FleetSimulation()
        simulation.rate = rate
        print("\(rate) requests a second, \(repetitions) simulated hours; means, and the least and the most inside")
        print(
            "                                 inside the bound        quality   $/1,000  first token, 95th percentile")
        for chooser in FleetSimulation.Chooser.allCases {
            let runs = try (0..<repetitions).map { try simulation.run(chooser, seed: seed &+ UInt64($0)) }
            func mean(_ figure: (FleetSimulation.Outcome) -> Double) -> Double {
                runs.reduce(0) { $0 + figure($1) } / Double(runs.count)
            }
            let inside = runs.map { $0.inside * 100 }
            print(
                chooser.name.padding(toLength: 33, withPad: " ", startingAt: 0)
                    + String(
                        format: "%5.1f %% (%5.1f … %5.1f)   %.3f    %.3f    %.2f s", mean(\.inside) * 100,
                        inside.min() ?? 0, inside.max() ?? 0, mean(\.quality), mean { $0.cost * 1000 },
                        mean(\.firstTokenP95)))
        }
    }
}

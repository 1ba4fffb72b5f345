import Foundation
import TurnoutEvaluation
import TurnoutRouting

/// What `certify --simulate` says when it is done.
struct SimulationSummary: Encodable {
    struct Behaviour: Encodable {
        let violations: Interval
        let violationsOnRest: Interval
        let weakShare: Interval

        init(_ behaviour: CertificationSimulation.Behaviour) {
            self.violations = behaviour.violations
            self.violationsOnRest = behaviour.violationsOnRest
            self.weakShare = behaviour.weakShare
        }
    }

    let simulated: Int
    let n: Int
    let population: Int
    let epsilon: Double
    let delta: Double
    let loss: String
    let certified: Behaviour
    let naive: Behaviour
    let bestWeakShare: Double

    init(_ result: CertificationSimulation.Result, _ simulation: CertificationSimulation, _ goal: Certifier.Goal) {
        self.simulated = simulation.repetitions
        self.n = simulation.rows
        self.population = result.population
        self.epsilon = goal.epsilon
        self.delta = goal.delta
        self.loss = goal.loss.rawValue
        self.certified = Behaviour(result.certified)
        self.naive = Behaviour(result.naive)
        self.bestWeakShare = result.bestWeakShare
    }

    func text() -> String {
        func line(_ name: String, _ behaviour: Behaviour) -> String {
            let (rest, all, share) = (behaviour.violationsOnRest, behaviour.violations, behaviour.weakShare)
            return name.padding(toLength: 10, withPad: " ", startingAt: 0)
                + String(
                    format: "  %5.1f %% [%4.1f, %4.1f]   %5.1f %% [%4.1f, %4.1f]   %.3f [%.3f, %.3f]", rest.value * 100,
                    rest.low * 100, rest.high * 100, all.value * 100, all.low * 100, all.high * 100, share.value,
                    share.low, share.high)
        }
        return [
            String(
                format: "%d certificates of %d rows out of %d: drop (%@) at most %.3g, confidence %.3g", simulated, n,
                population, loss, epsilon, 1 - delta),
            "            broken on rows not drawn  … on all, drawn anew    share to the weak model",
            line("certified", certified), line("naive", naive),
            String(
                format: "the best share that keeps the bound on all rows, known only afterwards: %.3f", bestWeakShare),
        ].joined(separator: "\n")
    }
}

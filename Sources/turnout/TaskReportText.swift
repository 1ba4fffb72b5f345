import Foundation
import TurnoutCore
import TurnoutEvaluation
import TurnoutRouting

/// How well tasks were told apart, for people.
enum TaskReportText {
    /// The mean recall of a report, and what the keyword rule and the most frequent task would have reached.
    static func baselines(_ report: TaskReport) -> [ArtifactCard.Metric] {
        [
            ("mean recall", report.meanRecall), ("keyword rule", report.keywordAccuracy),
            ("most frequent task", report.majorityAccuracy),
        ].map { name, figure in
            .init(name: "\(name) \(report.name)", value: figure.value, low: figure.low, high: figure.high)
        }
    }

    /// The confusion matrix, the sizes that were asked for, and what confidence was worth.
    static func matrix(_ report: TaskReport) -> String {
        func pad(_ text: String) -> String { String(repeating: " ", count: max(0, 6 - text.count)) + text }
        let names = TaskKind.allCases.map(\.rawValue)
        let rows = zip(names, report.confusion).map { name, counts in
            "  " + name.padding(toLength: 15, withPad: " ", startingAt: 0) + counts.map { pad(String($0)) }.joined()
        }
        let steps = report.confidenceSteps.map { step in
            String(
                format: "  from %.1f: %d prompts, mean confidence %.3f, right %.3f, task among the plausible %.3f",
                step.from, step.count, step.confidence, step.accuracy, step.coverage)
        }
        let tooSmall = report.answers.count { $0.estimate.leastSize < $0.truth.leastSize }
        let exact = report.answers.count { $0.estimate.leastSize == $0.truth.leastSize }
        let sizes = String(
            format: "size: that of the task for %d prompts, too small for %d, larger for the rest", exact, tooSmall)
        let accuracy = report.accuracy
        let head = String(
            format: "%@: %d prompts, accuracy %.3f [%.3f, %.3f]; tasks in rows, answers in columns:", report.name,
            report.answers.count, accuracy.value, accuracy.low, accuracy.high)
        let columns = "  " + String(repeating: " ", count: 15) + names.map { pad(String($0.prefix(5))) }.joined()
        return ([head, columns] + rows + [sizes, "by confidence:"] + steps).joined(separator: "\n")
    }
}

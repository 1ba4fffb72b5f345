import Foundation
public import TurnoutCore

/// What is believed of a prompt's task.
public struct TaskEstimate: Sendable, Equatable {
    /// The chance of each task, in the order of `TaskKind.allCases`; they add up to 1.
    public let probabilities: [Double]
    /// All tasks, the most probable first; equally probable ones in the order of `TaskKind.allCases`.
    public let ranked: [TaskKind]

    /// The confidence from which on a task counts as known.
    ///
    /// `docs/tasks.md` has how often the classifier is right at and below it.
    public static let leastConfidence = 0.5
    /// How much probability the plausible tasks of a prompt hold together.
    public static let plausibleShare = 0.8

    /// The softmax of a linear output for each task, in the order of `TaskKind.allCases`.
    package init(outputs: [Double]) {
        let greatest = outputs.max() ?? 0
        let powers = outputs.map { exp($0 - greatest) }
        let total = powers.reduce(0, +)
        self.init(probabilities: powers.map { $0 / total })
    }

    /// Takes probabilities in the order of `TaskKind.allCases`, one for each.
    package init(probabilities: [Double]) {
        self.probabilities = probabilities
        self.ranked = zip(probabilities, TaskKind.allCases).enumerated()
            .sorted { ($1.element.0, $0.offset) < ($0.element.0, $1.offset) }.map(\.element.1)
    }

    /// The chance of one task.
    public func probability(of task: TaskKind) -> Double {
        zip(TaskKind.allCases, probabilities).first { $0.0 == task }?.1 ?? 0
    }

    /// The most probable task.
    public var task: TaskKind { ranked.first ?? .chat }

    /// The chance of the most probable task.
    public var confidence: Double { probability(of: task) }

    /// How much more probable the first task is than the second: 0 a toss-up … 1.
    public var margin: Double { ranked.count > 1 ? confidence - probability(of: ranked[1]) : confidence }

    /// Whether the task may be relied on: ``confidence`` is at least ``leastConfidence``.
    public var isKnown: Bool { confidence >= Self.leastConfidence }

    /// The fewest tasks that hold ``plausibleShare`` of the probability, the most probable first.
    public var plausibleTasks: [TaskKind] {
        var (held, count) = (0.0, 0)
        while count < ranked.count, held < Self.plausibleShare {
            held += probability(of: ranked[count])
            count += 1
        }
        return Array(ranked.prefix(count))
    }

    /// The smallest class of models that will do: that of the task where it is known, else the largest class that any
    /// plausible task asks for.
    public var leastSize: SizeClass {
        isKnown ? task.leastSize : plausibleTasks.map(\.leastSize).max() ?? task.leastSize
    }
}

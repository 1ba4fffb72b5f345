public import TurnoutCore

/// Which candidates do for which kind of task.
///
/// Without a map, a candidate does for a task when it is at least as large as such tasks need
/// (``TaskKind/leastSize``); one of unknown size does for all. Of those that do, the weakest is asked, unless the
/// policy says more: if a small model handles a task, a large one is not used.
public struct CapabilityMap: Sendable, Equatable {
    /// The candidates of a task; a task that is not in it is judged by size.
    public var models: [TaskKind: [ModelID]]

    /// Sets the map; none judges all tasks by size.
    public init(models: [TaskKind: [ModelID]] = [:]) {
        self.models = models
    }

    /// Whether a candidate does for a task.
    ///
    /// - Parameters:
    ///   - candidate: The candidate.
    ///   - task: What the classifier said; where it is not sure, all tasks that it holds plausible count, and where it was
    ///     not asked all there are.
    /// - Returns: Whether it does for each of them.
    func allows(_ candidate: Candidate, _ task: TaskEstimate?) -> Bool {
        let tasks = task.map { $0.isKnown ? [$0.task] : $0.plausibleTasks } ?? TaskKind.allCases
        return tasks.allSatisfy { kind in
            if let models = models[kind] { return models.contains(candidate.model) }
            guard let size = candidate.facts.sizeClass else { return true }
            return size >= kind.leastSize
        }
    }
}

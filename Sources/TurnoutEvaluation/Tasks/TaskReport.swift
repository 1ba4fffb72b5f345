public import TurnoutRouting

/// How often tasks were told right: a confusion matrix with accuracy, recall and what confidence was worth.
public struct TaskReport: Sendable {
    /// One prompt: what it asks for and what was said of it.
    public struct Answer: Sendable {
        /// The task it asks for.
        public let truth: TaskKind
        /// What was said.
        public let estimate: TaskEstimate
        /// What the keyword rule said.
        public let keyword: TaskKind
        /// Prompts of the same group, such as translations of each other, are resampled together.
        public let group: String

        /// Bundles truth and answers.
        public init(truth: TaskKind, estimate: TaskEstimate, keyword: TaskKind, group: String) {
            self.truth = truth
            self.estimate = estimate
            self.keyword = keyword
            self.group = group
        }
    }

    /// What was reported on, such as a file or a language.
    public let name: String
    /// The prompts.
    public let answers: [Answer]
    private let resampling: Resampling

    /// Takes answers to prompts that were held out.
    public init(name: String, answers: [Answer], seed: UInt64 = 0, threads: Int = 1) {
        self.name = name
        self.answers = answers
        let numbers = Dictionary(zip(Set(answers.map(\.group)).sorted(), 0...), uniquingKeysWith: { first, _ in first })
        self.resampling = Resampling(
            resamples: 1000, seed: seed, clusters: answers.map { numbers[$0.group, default: 0] }, threads: threads)
    }

    /// The share of prompts whose task was told right.
    public var accuracy: Interval { share { $0.estimate.task == $0.truth } }

    /// The share that the keyword rule gets right.
    public var keywordAccuracy: Interval { share { $0.keyword == $0.truth } }

    /// The share that one gets right who always says the most frequent task.
    public var majorityAccuracy: Interval {
        let counts = TaskKind.allCases.map { task in answers.count { $0.truth == task } }
        let most = counts.firstIndex(of: counts.max() ?? 0).map { TaskKind.allCases[$0] }
        return share { $0.truth == most }
    }

    /// The mean over tasks of the share told right: every task counts the same, however many prompts it has.
    public var meanRecall: Interval {
        interval { counts in
            let shares = TaskKind.allCases.compactMap { recall(of: $0, counts) }
            return shares.reduce(0, +) / Double(max(shares.count, 1))
        }
    }

    /// The share of a task's prompts that was told right; `nil` where there is none.
    private func recall(of task: TaskKind, _ counts: [UInt32]) -> Double? {
        var (right, all) = (0.0, 0.0)
        for (answer, count) in zip(answers, counts) where answer.truth == task {
            all += Double(count)
            if answer.estimate.task == task { right += Double(count) }
        }
        return all > 0 ? right / all : nil
    }

    /// Prompts by their task, in rows, and by what was said of them, in columns; both in the order of `TaskKind.allCases`.
    public var confusion: [[Int]] {
        TaskKind.allCases.map { truth in
            TaskKind.allCases.map { said in answers.count { $0.truth == truth && $0.estimate.task == said } }
        }
    }

    /// One step of confidence: how many prompts, what was said on average, and how often it was right.
    public struct ConfidenceStep: Sendable {
        /// The least confidence.
        public let from: Double
        /// Prompts with at least that and less than the next step's.
        public let count: Int
        /// Their mean confidence.
        public let confidence: Double
        /// The share of them that was told right.
        public let accuracy: Double
        /// The share of them whose true task is among the plausible ones.
        public let coverage: Double
    }

    /// What confidence is worth, from the least to the greatest; steps without a prompt are left out.
    public var confidenceSteps: [ConfidenceStep] {
        let edges = [0, 0.3, TaskEstimate.leastConfidence, 0.7, 0.9, .infinity]
        return zip(edges, edges.dropFirst()).compactMap { low, high in
            let chosen = answers.filter { $0.estimate.confidence >= low && $0.estimate.confidence < high }
            guard !chosen.isEmpty else { return nil }
            let count = Double(chosen.count)
            return ConfidenceStep(
                from: low, count: chosen.count,
                confidence: chosen.reduce(0) { $0 + $1.estimate.confidence } / count,
                accuracy: Double(chosen.count { $0.estimate.task == $0.truth }) / count,
                coverage: Double(chosen.count { $0.estimate.plausibleTasks.contains($0.truth) }) / count)
        }
    }

    private func share(_ isRight: (Answer) -> Bool) -> Interval {
        let right = answers.map { isRight($0) ? 1.0 : 0.0 }
        return interval { counts in
            let total = counts.reduce(0) { $0 + Double($1) }
            return zip(right, counts).reduce(0) { $0 + $1.0 * Double($1.1) } / max(total, 1)
        }
    }

    private func interval(_ figure: @Sendable ([UInt32]) -> Double) -> Interval {
        let figures = resampling.map(count: answers.count) { figure($0) }
        return Percentiles.interval(of: figures, around: figure([UInt32](repeating: 1, count: answers.count)))
    }
}

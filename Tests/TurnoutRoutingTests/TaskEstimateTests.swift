import Testing
import TurnoutCore
import TurnoutRouting

struct TaskEstimateTests {
    private func estimate(_ chances: [TaskKind: Double]) -> TaskEstimate {
        TaskEstimate(probabilities: TaskKind.allCases.map { chances[$0] ?? 0 })
    }

    @Test("a known task asks for its own size")
    func known() {
        let estimate = estimate([.classification: 0.7, .creative: 0.3])
        #expect(estimate.task == .classification)
        #expect(estimate.isKnown)
        #expect(estimate.leastSize == .under3B)
        #expect(abs(estimate.margin - 0.4) < 1e-12)
    }

    @Test("an unknown task asks for the largest size among the plausible ones, and for no more")
    func unknown() {
        let estimate = estimate([.classification: 0.45, .code: 0.4, .creative: 0.15])
        #expect(!estimate.isKnown)
        #expect(estimate.plausibleTasks == [.classification, .code])
        #expect(estimate.leastSize == .from7B)
    }

    @Test("equally probable tasks keep their order")
    func ties() {
        let estimate = TaskEstimate(outputs: [Double](repeating: 2, count: TaskKind.allCases.count))
        #expect(estimate.ranked == TaskKind.allCases)
        #expect(estimate.margin == 0)
        #expect(abs(estimate.probabilities.reduce(0, +) - 1) < 1e-12)
    }

    @Test("sizes are ordered, and every task has one")
    func sizes() {
        #expect(SizeClass.allCases == SizeClass.allCases.sorted())
        #expect(TaskKind.classification.leastSize < TaskKind.summarisation.leastSize)
        #expect(TaskKind.code.leastSize < TaskKind.reasoning.leastSize)
        #expect(TaskKind.allCases.map(\.leastSize).max() == .from32B)
    }
}

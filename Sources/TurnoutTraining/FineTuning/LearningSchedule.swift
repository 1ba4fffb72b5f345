/// The learning rate of each step: from zero up over the warm-up, then down to zero; linear both.
///
/// `get_linear_schedule_with_warmup` of `transformers`.
struct LearningSchedule: Sendable, Equatable {
    let rate: Double
    let steps: Int
    let warmupSteps: Int

    /// The warm-up is a share of all steps, rounded up.
    init(rate: Double, steps: Int, warmupShare: Double) {
        self.rate = rate
        self.steps = steps
        self.warmupSteps = Int((Double(steps) * warmupShare).rounded(.up))
    }

    /// The rate of a step, counted from 0.
    func rate(at step: Int) -> Double {
        if step < warmupSteps { return rate * Double(step) / Double(max(1, warmupSteps)) }
        return rate * max(0, Double(steps - step) / Double(max(1, steps - warmupSteps)))
    }
}

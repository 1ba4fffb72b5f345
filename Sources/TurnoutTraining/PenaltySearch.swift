import TurnoutEvaluation
import TurnoutRouting

/// Fits at every penalty of a grid on all folds but one, chooses the penalty and fits it to all rows.
///
/// For kinds that fit all models at once, where ``CrossValidator`` has nothing to share between folds.
struct PenaltySearch {
    /// From the strongest down; one leaves nothing to choose.
    let penalties: [Double]

    /// Takes the setting `penalty`, where it is given, in place of three that are compared.
    init(settings: inout TrainerSettings) throws {
        let fixed = try settings.number("penalty", in: 1e-6...1e9)
        self.penalties = fixed.map { [$0] } ?? [30_000, 3000, 300]
    }

    /// Fits all examples, the penalty chosen by five random folds.
    func fit<Fitted: Estimator>(
        _ examples: TrainingExamples, _ context: TrainingContext, _ fit: (TrainingExamples, Double) throws -> Fitted
    ) throws -> Fitted {
        guard penalties.count > 1 else { return try fit(examples, penalties[0]) }
        let folds = try Folds.random(rows: examples.rows.count, folds: 5, seed: context.seed)
        let best = try compared(examples, folds: folds, context, fit).choice.best()
        context.progress?(TrainingProgress(stage: .fitting, completed: 0, total: 1))
        return try fit(examples, penalties[best])
    }

    /// Fits all examples, the penalty chosen by the folds.
    ///
    /// Held-out estimates of a fold are those at the penalty that the other folds prefer. The fits that those were judged
    /// by have learnt from the fold, which is all the say it has.
    func crossFit<Fitted: Estimator>(
        _ examples: TrainingExamples, folds: Folds, _ context: TrainingContext,
        _ fit: (TrainingExamples, Double) throws -> Fitted
    ) throws -> CrossFit {
        let (choice, estimates) = try compared(examples, folds: folds, context, fit)
        context.progress?(TrainingProgress(stage: .fitting, completed: 0, total: 1))
        return CrossFit(
            estimator: try fit(examples, penalties[choice.best()]), outOfFold: choice.crossSelected(estimates))
    }

    private func compared<Fitted: Estimator>(
        _ examples: TrainingExamples, folds: Folds, _ context: TrainingContext,
        _ fit: (TrainingExamples, Double) throws -> Fitted
    ) throws -> (choice: PenaltyChoice, estimates: [[[Double]]]) {
        var choice = PenaltyChoice(scores: examples.judged(by: Fitted.comparison).models, folds: folds)
        var estimates: [[[Double]]] = []
        for (step, penalty) in penalties.enumerated() {
            let heldOut = try examples.outOfFold(folds, threads: context.threads) { kept, fold in
                context.progress?(
                    TrainingProgress(
                        stage: .validating, completed: step * folds.count + fold, total: penalties.count * folds.count))
                return try fit(kept, penalty)
            }
            choice.add(heldOut)
            estimates.append(heldOut)
        }
        return (choice, estimates)
    }
}

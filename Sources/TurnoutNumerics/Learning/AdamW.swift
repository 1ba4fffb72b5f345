import CTurnoutKernels

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Adam with weight decay apart from the gradient.
///
/// Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization", algorithm 2, as `torch.optim.AdamW` computes it.
package struct AdamW: Sendable {
    /// How much of the mean gradient is kept from step to step.
    package var beta1 = 0.9
    /// How much of the mean squared gradient is kept.
    package var beta2 = 0.999
    /// Added to the root of the mean squared gradient.
    package var epsilon = 1e-8
    /// What share of a weight is taken off in a step, times the learning rate.
    package var weightDecay: Double

    /// The usual constants, and this decay.
    package init(weightDecay: Double) { self.weightDecay = weightDecay }

    /// What one step does to all the weights.
    package struct Step: Sendable {
        let step: turnout_adamw
        let undecayed: turnout_adamw

        /// What is left of a weight whose gradient has always been zero.
        package var decay: Float { step.decay }
    }

    /// Prepares a step.
    ///
    /// - Parameters:
    ///   - number: How many steps this makes, from 1.
    ///   - rate: The learning rate.
    ///   - gradientScale: What gradients are multiplied by: clipping, and the mean over accumulated batches.
    /// - Returns: The step.
    package func step(_ number: Int, rate: Double, gradientScale: Double = 1) -> Step {
        func make(decay: Double) -> turnout_adamw {
            turnout_adamw(
                rate: Float(rate / (1 - pow(beta1, Double(number)))), decay: Float(1 - rate * decay),
                beta1: Float(beta1), beta2: Float(beta2), epsilon: Float(epsilon),
                second_correction: Float(1 / (1 - pow(beta2, Double(number))).squareRoot()),
                gradient_scale: Float(gradientScale))
        }
        return Step(step: make(decay: weightDecay), undecayed: make(decay: 0))
    }
}

extension Kernels {
    /// Moves weights by their gradients.
    ///
    /// - Parameters:
    ///   - step: What the step does.
    ///   - decays: Whether these weights decay; biases and layer norms do not.
    ///   - weights: `count` weights.
    ///   - gradients: One for each.
    ///   - first: Mean gradients; updated.
    ///   - second: Mean squared gradients; updated.
    ///   - count: How many.
    ///   - pool: Who shares the work.
    /// - Complexity: O(`count`), bound by memory.
    package func apply(
        _ step: AdamW.Step, decays: Bool, weights: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        first: UnsafeMutablePointer<Float>, second: UnsafeMutablePointer<Float>, count: Int, pool: ThreadPool? = nil
    ) {
        var step = decays ? step.step : step.undecayed
        turnout_adamw_step(pool?.pool, table, &step, count, gradients, weights, first, second)
    }
}

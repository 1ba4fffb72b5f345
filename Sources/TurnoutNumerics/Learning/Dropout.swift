import CTurnoutKernels

/// Which numbers are left out in one place of one step.
///
/// A number's fate follows from the seed, the place and its index alone: nothing has to be kept for the way back, and a
/// run that is taken up again leaves out the same ones on any number of threads.
/// Srivastava et al. 2014, "Dropout", in the form in which what is kept is scaled up.
package struct Dropout: Sendable {
    let drop: turnout_dropout

    /// Nothing is left out.
    package static let none = Dropout(share: 0, seed: 0, place: 0)

    /// Draws for one place.
    ///
    /// - Parameters:
    ///   - share: The share to leave out, at least 0 and below 1.
    ///   - seed: Of the step.
    ///   - place: Where in the model; each has a stream of its own.
    package init(share: Float, seed: UInt64, place: UInt64) {
        precondition(share >= 0 && share < 1, "a share of \(share) cannot be left out")
        var random = SeededRandom(seed: seed ^ (place &* 0xD1B5_4A32_D192_ED03))
        drop = turnout_dropout(
            key: random.next(), threshold: UInt32(Double(share) * 0x1p32), scale: 1 / (1 - share))
    }
}

extension Kernels {
    /// Leaves out some of `count` numbers, or of their gradients, in place.
    ///
    /// - Complexity: O(`count`)
    package func apply(
        _ dropout: Dropout, to x: UnsafeMutablePointer<Float>, count: Int, pool: ThreadPool? = nil
    ) {
        var drop = dropout.drop
        turnout_drop_out(pool?.pool, table, &drop, count, x)
    }
}

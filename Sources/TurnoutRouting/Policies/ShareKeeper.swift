/// Keeps the strongest candidate's share of the traffic at what was asked for, when traffic is not like the reference.
///
/// After each decision the share that the threshold is read off at moves by `step` times the error: up by
/// `step · share` when a weaker candidate answered, down by `step · (1 − share)` when the strongest did. Because it
/// may leave 0…1 by no more than a step, the realised share of any `n` decisions differs from the wanted one by at
/// most `(1 + 2·step) / (step · n)`, whatever the traffic does (Gibbs and Candès 2021, "Adaptive Conformal
/// Inference", proposition 4.1), as long as the score decides. While filters or conversations decide in its place, the
/// correction stops at those ends, so that it does not pay back an outage afterwards.
public struct ShareKeeper: Sendable, Equatable {
    /// The share that is wanted, between 0 and 1.
    public let share: Double
    /// How fast it adapts: about `1 / step` decisions.
    public let step: Double
    /// What is to be added to the share at which the threshold is read off.
    public private(set) var correction = 0.0

    /// Wants a share; adapts within some hundred decisions unless told otherwise.
    public init(share: Double, step: Double = 0.01) {
        self.share = share
        self.step = step
    }

    /// Takes a decision.
    public mutating func record(strongest: Bool) {
        let moved = correction + step * (share - (strongest ? 1 : 0))
        correction = min(max(moved, -share - step), 1 - share + step)
    }
}

import TurnoutCore
import TurnoutEncoders
import TurnoutNumerics

/// An encoder that is about to learn: where its numbers lie, and what its own files say of them.
///
/// Add what else learns with it to ``table``, then ask for the ``state()``.
struct TunableModel {
    let shape: TransformerBlueprint
    let encoder: TunableEncoder
    /// The tensors that learn, the encoder's first.
    var table = ParameterTable()
    /// The shares that are left out while learning.
    let dropout: (hidden: Float, attention: Float)

    /// Lays out the encoder.
    ///
    /// - Throws: `TurnoutError` with code `.invalidArgument` for more frozen layers than there are.
    init(_ source: TransformerEncoder, options: FineTuningOptions) throws {
        shape = try source.blueprint
        try options.check(layers: shape.layers)
        encoder = TunableEncoder(shape, frozenLayers: options.frozenLayers, in: &table)
        dropout =
            options.dropout.map { (Float($0), Float($0)) } ?? (shape.hiddenDropout, shape.attentionDropout)
    }

    /// Weights, gradients and moments of all that is in the table; the encoder's weights are read.
    ///
    /// - Throws: `TurnoutError` as ``TunableEncoder/load(into:)`` does.
    func state() throws -> LearningState {
        let state = LearningState(table)
        try encoder.load(into: state)
        return state
    }

    /// Token ids of some texts, cut where the encoder stops to read.
    func tokens(of texts: [String], threads: Int) -> [[Int32]] {
        parallelMap(texts.count, threads: threads) { shape.tokenIDs(texts[$0]) }
    }
}

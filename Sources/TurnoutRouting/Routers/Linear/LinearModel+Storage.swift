import TurnoutCore
import TurnoutEncoders
import TurnoutNumerics

extension LinearModel {
    /// Reads tensors `surface`, `weights` and `bias`.
    init(file: SafetensorsFile, encoder: any TextEncoder) throws {
        try self.init(
            encoder: encoder, surface: SurfaceBasis(file: file),
            weights: file.matrix("weights"), bias: file.floats("bias"))
    }

    /// Reads the same and makes sure that there is a head for each model of the card.
    init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws {
        try self.init(file: file, encoder: encoder)
        guard bias.count == card.models.count else {
            throw TurnoutError(
                .damagedFile,
                """
                \(file.name): the card names \(card.models.count) models, but there are \(bias.count) heads; train the \
                router again
                """)
        }
    }

    /// Adds tensors `surface`, `weights` and `bias`.
    func store(in file: inout SafetensorsBuilder) throws {
        try surface.store(in: &file)
        try file.add("weights", matrix: weights)
        try file.add("bias", floats: bias, shape: [bias.count])
    }
}

extension Reliability {
    /// Reads tensor `reliability`, shape `[heads, bins, 3]`: mean prediction, low, high.
    static func read(from file: SafetensorsFile) throws -> [Reliability] {
        let tensor = try file.tensor("reliability")
        // A side of zero makes any other side possible, so that each must be looked at.
        guard tensor.shape.count == 3, tensor.shape[2] == 3, tensor.count > 0 else {
            throw TurnoutError(
                .damagedFile, "\(file.name): tensor 'reliability' has shape \(tensor.shape), expected [heads, bins, 3]")
        }
        let (floats, bins) = (try tensor.floats(), tensor.shape[1])
        return try (0..<tensor.shape[0]).map { head in
            let curve = (0..<bins).map { bin in
                let at = (head * bins + bin) * 3
                return Bin(predicted: Double(floats[at]), low: Double(floats[at + 1]), high: Double(floats[at + 2]))
            }
            guard let reliability = Reliability(bins: curve) else {
                throw TurnoutError(
                    .damagedFile,
                    "\(file.name): tensor 'reliability' is empty, out of order or not finite; train the router again")
            }
            return reliability
        }
    }

    /// Adds tensor `reliability`; curves with fewer bins than the longest repeat their last one.
    static func store(_ curves: [Reliability], in file: inout SafetensorsBuilder) throws {
        let bins = curves.map(\.bins.count).max() ?? 0
        let floats = curves.flatMap { curve in
            (0..<bins).flatMap { index -> [Float] in
                let bin = curve.bins[min(index, curve.bins.count - 1)]
                return [Float(bin.predicted), Float(bin.low), Float(bin.high)]
            }
        }
        try file.add("reliability", floats: floats, shape: [curves.count, bins, 3])
    }
}

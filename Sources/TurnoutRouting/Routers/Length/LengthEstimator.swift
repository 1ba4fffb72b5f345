import TurnoutCore
public import TurnoutEncoders
import TurnoutNumerics

/// Estimates from the length of the prompt alone: the baseline that learned routers find hard to beat.
///
/// The estimate of model m is link(aₘ + bₘ · x), x = log(1 + scalars). It needs no encoder.
public struct LengthEstimator: Estimator {
    /// `length`.
    public static let kind = "length"
    /// No.
    public static let needsEmbedding = false

    /// Intercept and slope of one model.
    public struct Line: Sendable, Equatable {
        let intercept: Float
        let slope: Float

        /// Sets both.
        public init(intercept: Double, slope: Double) {
            self.intercept = Float(intercept)
            self.slope = Float(slope)
        }
    }

    let lines: [Line]
    let link: OutputLink

    /// Takes a line for each model, and how to read its output.
    public init(lines: [Line], link: OutputLink) {
        self.lines = lines
        self.link = link
    }

    /// One estimate per model.
    public func estimates(for query: QueryFeatures) -> [Double] {
        let length = Double(query.surface[0])
        return lines.map { link.estimate(Double($0.intercept) + Double($0.slope) * length) }
    }

    /// Reads tensor `lines`, shape `[models, 2]`, and metadata `link`.
    public init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws {
        let lines = try file.finiteMatrix("lines", rows: card.models.count, columns: 2)
        self.init(
            lines: (0..<lines.rows).map { Line(intercept: Double(lines[$0, 0]), slope: Double(lines[$0, 1])) },
            link: try OutputLink(file: file))
    }

    /// Adds what ``init(card:file:encoder:)`` reads.
    public func store(in file: inout SafetensorsBuilder) throws {
        try file.add(
            "lines", floats: lines.flatMap { [$0.intercept, $0.slope] }, shape: [lines.count, 2])
        link.store(in: &file)
    }
}

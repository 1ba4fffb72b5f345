import TurnoutCore
import TurnoutEncoders
import TurnoutNumerics

/// The surface features of a text, made fit for a linear head.
///
/// Each feature is standardised and clipped to ±3, and followed by its square and by its product with the first
/// feature, the logarithm of the length: what a digit or a line break means depends on how long the text is, and
/// difficulty does not rise with length without end. Clipping keeps a text unlike any in training (a page of
/// digits, a script never seen) from being extrapolated to absurd estimates.
public struct SurfaceBasis: Sendable, Equatable {
    /// Mean of each feature in the training data; `SurfaceFeatures.count` of them.
    public let centre: [Float]
    /// Standard deviation of each feature in the training data, positive.
    public let spread: [Float]

    /// The standardised distance beyond which a feature counts no further.
    public static let limit: Float = 3
    /// The length of ``expand(_:)``'s result.
    public static var count: Int { 3 * SurfaceFeatures.count - 1 }

    /// Sets centre and spread.
    ///
    /// - Throws: ``TurnoutError`` with code `.damagedFile` for the wrong count, numbers that are not finite or a spread
    ///   that is not positive.
    public init(centre: [Float], spread: [Float]) throws {
        guard centre.count == SurfaceFeatures.count, spread.count == SurfaceFeatures.count,
            centre.allSatisfy(\.isFinite), spread.allSatisfy({ $0.isFinite && $0 > 0 })
        else {
            throw TurnoutError(
                .damagedFile,
                """
                the scaling of surface features needs \(SurfaceFeatures.count) means and as many positive deviations; found \
                \(centre.count) and \(spread.count); train the router again
                """)
        }
        self.centre = centre
        self.spread = spread
    }

    /// A feature as deviations from its mean, clipped.
    func standardised(_ value: Float, feature: Int) -> Float {
        min(max((value - centre[feature]) / spread[feature], -Self.limit), Self.limit)
    }

    /// Reads tensor `surface`, a row of means and one of deviations.
    init(file: SafetensorsFile) throws {
        let scaling = try file.matrix("surface")
        guard scaling.rows == 2 else {
            throw TurnoutError(
                .damagedFile,
                "\(file.name): tensor 'surface' must hold a row of means and one of deviations; train the router again")
        }
        try self.init(centre: Array(scaling[row: 0]), spread: Array(scaling[row: 1]))
    }

    /// Adds tensor `surface`.
    func store(in file: inout SafetensorsBuilder) throws {
        try file.add("surface", floats: centre + spread, shape: [2, centre.count])
    }

    /// Standardised features, their squares, then the products of the first with each other one.
    ///
    /// - Parameter surface: `SurfaceFeatures.count` numbers.
    /// - Returns: ``count`` numbers.
    public func expand(_ surface: [Float]) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(Self.count)
        for i in surface.indices {
            result.append(standardised(surface[i], feature: i))
        }
        for i in surface.indices { result.append(result[i] * result[i]) }
        for i in surface.indices.dropFirst() { result.append(result[0] * result[i]) }
        return result
    }
}

import TurnoutCore
public import TurnoutEncoders
import TurnoutNumerics

extension NearestNeighboursEstimator {
    /// Reads tensors `surface`, `surface_weight`, `prompts`, `outcomes` and `settings`.
    public init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws {
        let space = try SimilaritySpace(file: file)
        let prompts = try Self.prompts(file, columns: space.dimension(embedding: encoder.dimension))
        let outcomes = try file.matrix("outcomes")
        guard outcomes.rows == prompts.rows, outcomes.columns == card.models.count,
            outcomes.storage.allSatisfy({ $0.isNaN || abs($0) <= SafetensorsFile.greatestNumber })
        else {
            throw TurnoutError(
                .damagedFile,
                """
                \(file.name): tensor 'outcomes' must hold a score, or NaN, for each of \(prompts.rows) prompts and \
                \(card.models.count) models; train the router again
                """)
        }
        try self.init(
            space: space, prompts: prompts, outcomes: outcomes,
            settings: Self.settings(file, models: card.models.count))
    }

    private static func prompts(_ file: SafetensorsFile, columns: Int) throws -> CosineTable {
        let tensor = try file.tensor("prompts")
        guard tensor.dtype == .i8, tensor.shape.count == 2, tensor.shape[0] > 0, tensor.shape[1] == columns else {
            throw TurnoutError(
                .damagedFile,
                "\(file.name): tensor 'prompts' must hold rows of \(columns) signed bytes; train the router again")
        }
        return CosineTable(
            rows: tensor.shape[0], width: columns, bytes: tensor.withUnsafeBytes { Array($0.bindMemory(to: Int8.self)) }
        )
    }

    private static func settings(_ file: SafetensorsFile, models: Int) throws -> Settings {
        let values = try file.finite("settings").map(Float.init)
        guard values.count == 6, values.allSatisfy({ $0 >= 0 && $0 <= 1e6 }), values[0] >= 1,
            values[5] < Float(models)
        else {
            throw TurnoutError(
                .damagedFile,
                """
                \(file.name): tensor 'settings' must hold neighbours, sharpness, shrinkage, guard, margin and the place of \
                the default model; train the router again
                """)
        }
        return Settings(
            neighbours: Int(values[0]), sharpness: values[1], shrinkage: values[2], guardErrors: values[3],
            margin: values[4], defaultModel: Int(values[5]))
    }

    /// Adds what ``init(card:file:encoder:)`` reads.
    public func store(in file: inout SafetensorsBuilder) throws {
        try space.surface.store(in: &file)
        try storeBesideSurface(in: &file)
    }

    /// Adds all but tensor `surface`, which a file has once however many read it.
    func storeBesideSurface(in file: inout SafetensorsBuilder) throws {
        try file.add("surface_weight", floats: [space.surfaceWeight], shape: [1])
        try file.add("prompts", int8: prompts.bytes, shape: [prompts.rows, prompts.width])
        try file.add("outcomes", matrix: outcomes)
        let values = [
            Float(settings.neighbours), settings.sharpness, settings.shrinkage, settings.guardErrors, settings.margin,
            Float(settings.defaultModel),
        ]
        try file.add("settings", floats: values, shape: [values.count])
    }
}

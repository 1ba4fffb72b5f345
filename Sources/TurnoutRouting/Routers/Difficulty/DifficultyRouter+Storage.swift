import TurnoutCore
public import TurnoutEncoders

extension DifficultyRouter: StoredRouter {
    /// `difficulty`.
    public static let kind = "difficulty"

    /// Reads tensors `weights`, `bias`, `reliability`, `sample` and `tiers`.
    public init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws {
        let tiers = try file.finite("tiers")
        guard tiers.count == 4 else {
            throw TurnoutError(
                .damagedFile,
                "\(file.name): tensor 'tiers' must hold two intercepts and two slopes; train the router again")
        }
        try self.init(
            card: card, model: LinearModel(file: file, encoder: encoder),
            weak: Tier(intercept: tiers[0], slope: tiers[1]), strong: Tier(intercept: tiers[2], slope: tiers[3]),
            reliability: Reliability.read(from: file), sample: file.finite("sample"))
    }

    /// Adds what ``init(card:file:encoder:)`` reads.
    public func store(in file: inout SafetensorsBuilder) throws {
        try model.store(in: &file)
        try file.add(
            "tiers", floats: [weak, strong].flatMap { [Float($0.intercept), Float($0.slope)] }, shape: [2, 2])
        try Reliability.store(reliability, in: &file)
        try file.add("sample", floats: sample.map(Float.init), shape: [sample.count, 1])
    }
}

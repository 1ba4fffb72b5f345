import TurnoutCore
public import TurnoutEncoders

extension LinearRouter: StoredRouter {
    /// `linear`.
    public static let kind = "linear"

    /// Reads tensors `weights`, `bias`, `reliability`, `sample` and `range`, and metadata `link`.
    public init(card: ArtifactCard, file: SafetensorsFile, encoder: any TextEncoder) throws {
        guard let text = file.metadata["link"], let link = Link(rawValue: text) else {
            throw TurnoutError(
                .damagedFile, "\(file.name): metadata 'link' must be 'logistic' or 'identity'; train the router again")
        }
        let range = try file.finite("range")
        guard range.count == 2, range[0] <= range[1] else {
            throw TurnoutError(
                .damagedFile,
                "\(file.name): tensor 'range' must hold a least and a greatest score; train the router again")
        }
        let heads = card.models.count
        let sample = try file.finite("sample")
        guard heads > 0, try file.tensor("sample").shape == [sample.count / heads, heads] else {
            throw TurnoutError(
                .damagedFile,
                "\(file.name): tensor 'sample' must have a column for each of \(heads) models; train the router again")
        }
        let rows = stride(from: 0, to: sample.count, by: heads).map { Array(sample[$0..<$0 + heads]) }
        try self.init(
            card: card, model: LinearModel(file: file, encoder: encoder), link: link, range: range[0]...range[1],
            reliability: Reliability.read(from: file), sample: rows)
    }

    /// Adds what ``init(card:file:encoder:)`` reads.
    public func store(in file: inout SafetensorsBuilder) throws {
        try model.store(in: &file)
        file.metadata["link"] = link.rawValue
        try file.add("range", floats: [Float(range.lowerBound), Float(range.upperBound)], shape: [2])
        try Reliability.store(reliability, in: &file)
        try file.add("sample", floats: sample.flatMap { $0.map(Float.init) }, shape: [sample.count, card.models.count])
    }
}

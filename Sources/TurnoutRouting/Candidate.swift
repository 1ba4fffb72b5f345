public import TurnoutCore

/// A model that may be chosen, and what is known of it.
public struct Candidate: Sendable, Equatable {
    /// The name it is configured and reported under.
    public let model: ModelID
    /// The name under which the router knows it.
    public let routerName: ModelID
    /// What is known of it: price, window, abilities, size; `nil` in it is unknown.
    public let facts: CatalogueEntry
    /// Whether it runs on the user's own machines, so that it answers when the way to everybody else is cut.
    public let isLocal: Bool

    /// Describes a candidate; the router knows it by its own name unless told otherwise.
    ///
    /// Without facts, only what its name tells of its size is known.
    public init(
        model: ModelID, routerName: ModelID? = nil, facts: CatalogueEntry? = nil, isLocal: Bool = false
    ) {
        self.model = model
        self.routerName = routerName ?? model
        self.facts = facts ?? Self.facts(toldBy: model)
        self.isLocal = isLocal
    }

    /// Describes a candidate of which only the price is known, and what its name tells of its size.
    public init(model: ModelID, routerName: ModelID? = nil, price: Price?) {
        var facts = Self.facts(toldBy: model)
        facts.price = price
        self.init(model: model, routerName: routerName, facts: facts)
    }

    /// What it charges, where known.
    public var price: Price? { facts.price }

    private static func facts(toldBy model: ModelID) -> CatalogueEntry {
        var facts = CatalogueEntry(provider: "", id: model.name)
        facts.sizeClass = SizeClass(ofModel: model.name)
        return facts
    }
}

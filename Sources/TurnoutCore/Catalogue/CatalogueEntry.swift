/// What is known of a model at a provider; `nil` is unknown.
public struct CatalogueEntry: Hashable, Sendable {
    /// The provider, as the catalogue calls it, `openai` for example.
    public var provider: String
    /// What the provider calls the model.
    public var id: String
    /// Other ids that mean the same, `*` standing for anything at the beginning, at the end, or both.
    package var matches: [String] = []
    /// What it charges.
    public var price: Price?
    /// Tokens of prompt and answer together.
    public var contextWindow: Int?
    /// Tokens of an answer.
    public var outputLimit: Int?
    /// What it can do.
    public var abilities = ModelAbilities()
    /// How large it is.
    public var sizeClass: SizeClass?
    /// The day it came out, `YYYY-MM-DD`.
    public var released: String?
    /// The day from which it no longer answers, `YYYY-MM-DD`.
    public var retires: String?

    /// Names a model of which nothing is known.
    public init(provider: String, id: String) {
        self.provider = provider
        self.id = id
    }

    /// What is known here, and what `other` knows of the rest; name and matches stay.
    package func filled(from other: CatalogueEntry) -> CatalogueEntry {
        var filled = self
        filled.price = price ?? other.price
        filled.contextWindow = contextWindow ?? other.contextWindow
        filled.outputLimit = outputLimit ?? other.outputLimit
        filled.abilities = abilities.filled(from: other.abilities)
        filled.sizeClass = sizeClass ?? other.sizeClass
        filled.released = released ?? other.released
        filled.retires = retires ?? other.retires
        return filled
    }
}

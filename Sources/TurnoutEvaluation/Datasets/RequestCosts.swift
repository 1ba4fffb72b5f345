public import TurnoutCore

/// What a request costs on each model: as given for the model, or by its price and the row's tokens, or as the row says.
public struct RequestCosts: Sendable {
    /// Dollars for a request of any kind.
    public var flat: [ModelID: Double]
    /// Dollars for tokens; rows must say how many.
    public var prices: [ModelID: Price]

    /// Sets what is known beside the rows.
    public init(flat: [ModelID: Double] = [:], prices: [ModelID: Price] = [:]) {
        self.flat = flat
        self.prices = prices
    }

    /// Dollars for a row on a model.
    ///
    /// - Throws: ``TurnoutError`` with code `.insufficientData`: what the row lacks and how to give it;
    ///   `.invalidData` for a negative cost.
    public func dollars(for row: OutcomeRow, on model: ModelID) throws -> Double {
        if let flat = flat[model] { return flat }
        if let price = prices[model] {
            if let cost = row.tokens[model].flatMap({ price.cost(of: $0) }) { return cost.dollars }
            throw TurnoutError(
                .insufficientData,
                """
                \(row.place): no tokens of '\(model)', which its price needs; add "tokens": {"\(model)": [input, \
                output]}, or give --cost \(model)=DOLLARS, its mean cost of a thousand requests
                """)
        }
        if let cost = row.costs[model] {
            guard cost >= 0 else {
                throw TurnoutError(
                    .invalidData, "\(row.place): the cost of '\(model)' is negative; give dollars, zero or more")
            }
            return cost
        }
        throw TurnoutError(
            .insufficientData,
            """
            \(row.place): no cost of '\(model)'; add "cost_usd": {"\(model)": dollars} to the rows, or give --price \
            \(model)=INPUT,OUTPUT in dollars per million tokens, or --cost \(model)=DOLLARS per thousand requests
            """)
    }
}

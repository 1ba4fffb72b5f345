/// An amount of money in integer nano-dollars (10⁻⁹ US dollars).
///
/// Integers, because money that is summed a million times must not drift. The range is about
/// ±9.2 billion dollars. An unknown amount is `Optional<Money>.none`, never zero.
public struct Money: Hashable, Sendable, Comparable {
    /// The amount in nano-dollars.
    public var nanoDollars: Int64

    /// Wraps an amount in nano-dollars.
    public init(nanoDollars: Int64) { self.nanoDollars = nanoDollars }

    /// Rounds a dollar amount to the nearest nano-dollar; `nil` when it is not finite or out of range.
    public init?(dollars: Double) {
        let nano = (dollars * 1e9).rounded()
        guard let exact = Int64(exactly: nano) else { return nil }
        self.nanoDollars = exact
    }

    /// No money: a price that is known to be nothing.
    public static let zero = Money(nanoDollars: 0)

    /// The amount in dollars, for display and for JSON.
    public var dollars: Double { Double(nanoDollars) / 1e9 }

    /// Adds two amounts.
    public static func + (a: Money, b: Money) -> Money { Money(nanoDollars: a.nanoDollars + b.nanoDollars) }

    /// Orders amounts.
    public static func < (a: Money, b: Money) -> Bool { a.nanoDollars < b.nanoDollars }
}

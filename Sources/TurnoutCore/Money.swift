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

    /// The amount in dollars as the shortest exact decimal: `1.25`, `0.000000001`, `-3`.
    package var decimal: String {
        let (whole, rest) = nanoDollars.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
        let sign = nanoDollars < 0 ? "-" : ""
        guard rest > 0 else { return "\(sign)\(whole)" }
        let digits = String(1_000_000_000 + rest).dropFirst()
        return "\(sign)\(whole).\(String(digits.reversed().drop { $0 == "0" }.reversed()))"
    }

    /// Adds two amounts; a sum that is out of range becomes the greatest or the least amount there is.
    public static func + (a: Money, b: Money) -> Money {
        let (sum, overflow) = a.nanoDollars.addingReportingOverflow(b.nanoDollars)
        return Money(nanoDollars: overflow ? (a.nanoDollars < 0 ? .min : .max) : sum)
    }

    /// Orders amounts.
    public static func < (a: Money, b: Money) -> Bool { a.nanoDollars < b.nanoDollars }
}

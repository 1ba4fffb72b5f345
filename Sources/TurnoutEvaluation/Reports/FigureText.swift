import Foundation

/// How figures are written for people: the same in text, tables and charts.
enum FigureText {
    /// Three decimals.
    static func number(_ value: Double) -> String { String(format: "%.3f", value) }

    /// Three decimals and a sign.
    static func signed(_ value: Double) -> String { String(format: "%+.3f", value) }

    /// The figure and the ends of its interval; what is known exactly has none.
    static func interval(_ interval: Interval) -> String {
        guard interval.low < interval.high else { return number(interval.value) }
        return "\(number(interval.value)) [\(number(interval.low)), \(number(interval.high))]"
    }

    /// The same with a sign.
    static func signed(_ interval: Interval) -> String {
        "\(signed(interval.value)) [\(signed(interval.low)), \(signed(interval.high))]"
    }

    /// Dollars for a thousand prompts, three digits that count.
    static func perThousand(_ dollars: Double) -> String {
        let amount = dollars * 1000
        guard amount > 0 else { return "$0" }
        let decimals = min(8, max(2, 2 - Int(log10(amount).rounded(.down))))
        return "$" + String(format: "%.\(decimals)f", amount)
    }

    /// Dollars for a thousand prompts with their interval.
    static func perThousand(_ cost: Interval) -> String {
        "\(perThousand(cost.value)) [\(perThousand(cost.low).dropFirst()), \(perThousand(cost.high).dropFirst())]"
    }

    /// A p value; small ones as a bound.
    static func p(_ value: Double) -> String { value < 0.001 ? "< .001" : String(format: "%.3f", value) }

    /// Whole numbers with a comma between thousands.
    static func count(_ value: Int) -> String {
        var (digits, groups) = (String(value)[...], [String]())
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits = digits.dropLast(3)
        }
        return ([String(digits)] + groups).joined(separator: ",")
    }

    /// Microseconds, whole ones from ten up.
    static func micros(_ value: Double) -> String { String(format: value < 10 ? "%.1f" : "%.0f", value) }
}

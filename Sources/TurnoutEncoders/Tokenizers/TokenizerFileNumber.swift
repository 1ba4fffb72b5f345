extension TokenizerFileScanner {
    /// Reads a number as the `tokenizers` library reads it.
    ///
    /// Its JSON parser is not exact: digits go into 64 bits, become a double, and are scaled by one power of ten. Scores
    /// that differ from those in the last bit would decide ties differently, so the same is done here.
    mutating func number() throws -> Double {
        let isNegative = peek() == UInt8(ascii: "-")
        if isNegative { skipByte() }
        var digits = Digits()
        guard takeDigits(into: &digits) else { throw malformed("a number") }
        var exponent = digits.dropped
        if currentByte == UInt8(ascii: ".") {
            skipByte()
            let before = digits
            guard takeDigits(into: &digits) else { throw malformed("a digit") }
            exponent = before.dropped - (digits.kept - before.kept)
        }
        if currentByte | 0x20 == UInt8(ascii: "e") { exponent += try takeExponent() }
        let value = Self.scale(Double(digits.significand), by: exponent)
        guard value.isFinite else { throw malformed("a number that a double can hold") }
        return isNegative ? -value : value
    }

    /// Decimal digits, as many as 64 bits hold; the rest is only counted.
    private struct Digits {
        var significand: UInt64 = 0
        var kept = 0
        var dropped = 0
        var isFull = false

        mutating func append(_ digit: UInt64) {
            let (product, overflow) = significand.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(digit)
            if isFull || overflow || carry {
                isFull = true
                dropped += 1
            } else {
                significand = sum
                kept += 1
            }
        }
    }

    private mutating func takeDigits(into digits: inout Digits) -> Bool {
        var any = false
        while currentByte &- UInt8(ascii: "0") <= 9, !isAtEnd {
            digits.append(UInt64(currentByte &- UInt8(ascii: "0")))
            skipByte()
            any = true
        }
        return any
    }

    private mutating func takeExponent() throws -> Int {
        skipByte()
        let isNegative = currentByte == UInt8(ascii: "-")
        if isNegative || currentByte == UInt8(ascii: "+") { skipByte() }
        let value = try index(limit: 1_000_000)
        return isNegative ? -value : value
    }

    private static func scale(_ value: Double, by exponent: Int) -> Double {
        var value = value
        var exponent = exponent
        while exponent < -308 {
            if value == 0 { return 0 }
            value /= 1e308
            exponent += 308
        }
        guard exponent <= 308 else { return value == 0 ? 0 : .infinity }
        return exponent >= 0 ? value * powersOfTen[exponent] : value / powersOfTen[-exponent]
    }

    /// 1, 10, 100, … 1e308, each the double nearest to it.
    private static let powersOfTen: [Double] = (0...308).map { Double("1e\($0)") ?? .infinity }
}

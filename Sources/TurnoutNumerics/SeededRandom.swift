/// A random number generator whose whole sequence follows from its seed: xoshiro256★★, seeded by SplitMix64.
///
/// Why not the system's: a router trained twice on the same data must come out the same, byte for byte, on any
/// machine. For the same reason shuffles and bounded draws are done here rather than by the standard library, which
/// may change how it consumes random bits. Blackman and Vigna 2018, "Scrambled linear pseudorandom number generators".
/// Not for secrets.
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var s0, s1, s2, s3: UInt64

    /// Starts the sequence that belongs to a seed.
    public init(seed: UInt64) {
        var state = seed
        func splitMix() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        (s0, s1, s2, s3) = (splitMix(), splitMix(), splitMix(), splitMix())
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        let result = Self.rotate(s1 &* 5, 7) &* 9
        let t = s1 << 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= t
        s3 = Self.rotate(s3, 45)
        return result
    }

    /// A whole number in `0..<bound`, all equally likely.
    ///
    /// Lemire 2019, "Fast random integer generation in an interval": one multiplication, rejection where it must be.
    ///
    /// - Parameter bound: Greater than zero.
    /// - Returns: A number from 0 up to `bound - 1`.
    public mutating func next(below bound: Int) -> Int {
        precondition(bound > 0, "there is no whole number in an empty range")
        let range = UInt64(bound)
        var product = next().multipliedFullWidth(by: range)
        if product.low < range {
            let least = (0 &- range) % range
            while product.low < least { product = next().multipliedFullWidth(by: range) }
        }
        return Int(product.high)
    }

    /// A number in 0 ≤ u < 1 with 53 random bits.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// The numbers `0..<count` in random order (Fisher and Yates), all orders equally likely.
    ///
    /// - Complexity: O(`count`)
    public mutating func permutation(of count: Int) -> [Int] {
        var order = Array(0..<count)
        var i = count
        while i > 1 {
            let j = next(below: i)
            i -= 1
            order.swapAt(i, j)
        }
        return order
    }

    private static func rotate(_ x: UInt64, _ k: UInt64) -> UInt64 { (x << k) | (x >> (64 - k)) }
}

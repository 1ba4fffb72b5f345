#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Which of a table of vectors stands for the distance between two tokens, query minus key.
///
/// Near tokens have a place for each distance. Far ones share theirs, the farther the more: with buckets, distances up
/// to half their number count as they are, and beyond it the logarithm counts; what is farther still shares the last
/// place. He et al. 2021, "DeBERTa", section 3.1, equation 3; the buckets came with DeBERTa's second version.
package struct RelativePlaces: Sendable, Equatable {
    /// How many places there are.
    package let count: Int
    /// The longest sequence whose distances are known.
    package let longest: Int
    /// The place of distance d at `longest - 1 + d`.
    let places: [Int32]

    /// Computes the places of all distances in sequences of up to `longest` tokens.
    ///
    /// - Parameters:
    ///   - longest: The longest sequence, at least 1.
    ///   - farthest: The distance that the last place stands for; with buckets, more than half of them plus one.
    ///   - buckets: How many buckets each direction has, at least 2; `nil` for a place a distance.
    /// - Complexity: O(`longest`)
    package init(longest: Int, farthest: Int, buckets: Int? = nil) {
        let side = buckets ?? farthest
        self.count = 2 * side
        self.longest = longest
        self.places = (1 - longest..<longest).map { distance in
            let bucket = buckets.map { Self.bucket(of: distance, buckets: $0, farthest: farthest) } ?? distance
            return Int32(min(max(bucket + side, 0), 2 * side - 1))
        }
    }

    /// The place of a distance below ``longest`` either way.
    package subscript(distance: Int) -> Int { Int(places[longest - 1 + distance]) }

    /// Lends the place of distance 0, around which those of the others lie.
    func withPointer(_ body: (UnsafePointer<Int32>) -> Void) {
        places.withUnsafeBufferPointer { all in
            guard let start = all.baseAddress else { return }
            body(start + (longest - 1))
        }
    }

    /// Computed in 32 bits, as the reference does, so that no distance is rounded into its neighbour's bucket.
    private static func bucket(of distance: Int, buckets: Int, farthest: Int) -> Int {
        let middle = buckets / 2
        guard abs(distance) > middle else { return distance }
        let share = log(Float(abs(distance)) / Float(middle)) / log(Float(Double(farthest - 1) / Double(middle)))
        return distance.signum() * (Int((share * Float(middle - 1)).rounded(.up)) + middle)
    }
}

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Zeros in one block of memory, which is the system's to lay out: pages that are never touched take none.
final class FloatBlock {
    let start: UnsafeMutablePointer<Float>
    let count: Int

    init(count: Int) {
        guard let memory = calloc(max(count, 1), MemoryLayout<Float>.stride) else {
            preconditionFailure("there is no memory for \(count) numbers")
        }
        self.start = memory.bindMemory(to: Float.self, capacity: max(count, 1))
        self.count = count
    }

    deinit { free(start) }

    func array(_ range: Range<Int>) -> [Float] {
        Array(UnsafeBufferPointer(start: start + range.lowerBound, count: range.count))
    }
}

/// Memory that is handed out from the front and taken back from the end: activations of a step, and what its way back
/// needs for a moment.
final class Arena {
    private let block: FloatBlock
    private(set) var used = 0
    /// The most that was ever in use.
    private(set) var peak = 0

    init(capacity: Int) { block = FloatBlock(count: capacity) }

    /// Floats, aligned to a cache line as far as the block is; their values are what was there before.
    func take(_ count: Int) -> UnsafeMutablePointer<Float> {
        let rounded = Arena.rounded(count)
        precondition(used + rounded <= block.count, "a step needs more memory than was reckoned")
        defer {
            used += rounded
            peak = max(peak, used)
        }
        return block.start + used
    }

    /// Floats that are 0.
    func takeZeros(_ count: Int) -> UnsafeMutablePointer<Float> {
        let start = take(count)
        start.update(repeating: 0, count: count)
        return start
    }

    /// Takes back what `body` took.
    func lending<Result>(_ body: () throws -> Result) rethrows -> Result {
        let before = used
        defer { used = before }
        return try body()
    }

    /// What a request takes in fact.
    static func rounded(_ count: Int) -> Int { (count + 15) / 16 * 16 }
}

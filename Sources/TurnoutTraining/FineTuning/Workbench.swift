import TurnoutNumerics

/// What every layer works with: weights, gradients, kernels, threads, and memory for what a step keeps.
struct Workbench {
    let weights: UnsafeMutablePointer<Float>
    let gradients: UnsafeMutablePointer<Float>
    let kernels: Kernels
    let pool: ThreadPool?
    let arena: Arena

    init(_ state: LearningState, kernels: Kernels, pool: ThreadPool?, arena: Arena) {
        self.weights = state.weights.start
        self.gradients = state.gradients.start
        self.kernels = kernels
        self.pool = pool
        self.arena = arena
    }

    var threads: Int { pool?.threads ?? 1 }

    /// y += x.
    func add(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int) {
        addScaled(
            1, UnsafeBufferPointer(start: x, count: count), to: UnsafeMutableBufferPointer(start: y, count: count))
    }

    /// Rows that one task of a row-wise loop takes.
    static let rowsPerTask = 16

    /// Calls `body` with the first row and the number of rows of each task.
    func forEachRows(_ rows: Int, _ body: (_ first: Int, _ count: Int) -> Void) {
        let size = Self.rowsPerTask
        forEach((rows + size - 1) / size, pool) { body($0 * size, min(size, rows - $0 * size)) }
    }
}

/// Texts of one step, cut into tokens and laid end to end: no row of any matrix is padding.
struct TokenBatch {
    /// The ids of all texts, one after the other.
    let ids: [Int32]
    /// Text s is tokens `offsets[s] ..< offsets[s + 1]`.
    let offsets: [Int32]
    let longest: Int

    init(_ sequences: [[Int32]]) {
        ids = sequences.flatMap(\.self)
        offsets = sequences.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int32($1.count)) }
        longest = sequences.map(\.count).max() ?? 0
    }

    var tokens: Int { ids.count }
    var texts: Int { offsets.count - 1 }

    func range(_ text: Int) -> Range<Int> { Int(offsets[text])..<Int(offsets[text + 1]) }
}

/// The dropout of one step: a stream for each place in the model.
struct DropoutPlan {
    /// Of vectors, and of attention.
    let hidden, attention: Float
    let seed: UInt64

    /// Nothing is left out.
    static let none = DropoutPlan(hidden: 0, attention: 0, seed: 0)

    func hidden(_ place: Int) -> Dropout { Dropout(share: hidden, seed: seed, place: UInt64(place)) }
    func attention(_ place: Int) -> Dropout { Dropout(share: attention, seed: seed, place: UInt64(place)) }
}

import TurnoutCore
import TurnoutEncoders

/// What each word says for and against each task: a row of small whole numbers for each row of a ``WordBag``.
struct WordTable: Sendable, Equatable {
    /// Shape `[WordBag.size, tasks]`, row-major.
    let rows: [Int8]
    /// What the numbers of each task are multiplied by.
    let scales: [Float]

    /// Rounds weights to 8 bits, the greatest of each task becoming ±127.
    ///
    /// - Parameter weights: Shape `[WordBag.size, tasks]`, row-major, finite.
    init(weights: [Float]) {
        let tasks = TaskKind.allCases.count
        let greatest = (0..<tasks).map { task in
            stride(from: task, to: weights.count, by: tasks).reduce(Float(0)) { max($0, abs(weights[$1])) }
        }
        self.scales = greatest.map { $0 / 127 }
        self.rows = weights.enumerated().map { index, weight in
            let scale = greatest[index % tasks] / 127
            return scale > 0 ? Int8((weight / scale).rounded()) : 0
        }
    }

    /// Reads tensors `words` and `word_scales`.
    ///
    /// - Throws: ``TurnoutError`` with code `.damagedFile`.
    init(file: SafetensorsFile) throws {
        let tasks = TaskKind.allCases.count
        let words = try file.tensor("words")
        self.scales = try file.finite("word_scales").map(Float.init)
        guard words.dtype == .i8, words.shape == [WordBag.size, tasks], scales.count == tasks,
            scales.allSatisfy({ abs($0) <= SafetensorsFile.greatestNumber })
        else {
            throw TurnoutError(
                .damagedFile,
                """
                \(file.name): 'words' is \(words.dtype.rawValue) of shape \(words.shape) with \(scales.count) scales, but \
                I8 of [\(WordBag.size), \(tasks)] with moderate scales is needed; train the task classifier again
                """)
        }
        self.rows = words.withUnsafeBytes { bytes in bytes.map { Int8(bitPattern: $0) } }
    }

    /// Adds what ``init(file:)`` reads.
    func store(in file: inout SafetensorsBuilder) throws {
        try file.add("words", int8: rows, shape: [WordBag.size, scales.count])
        try file.add("word_scales", floats: scales, shape: [scales.count])
    }

    /// Adds what the words of a text say to the tasks' outputs.
    ///
    /// - Complexity: O(words · tasks)
    func add(_ words: WordBag, to outputs: inout [Double]) {
        let tasks = scales.count
        var sums = [Int32](repeating: 0, count: tasks)
        for row in words.rows {
            for task in 0..<tasks { sums[task] &+= Int32(rows[row &* tasks &+ task]) }
        }
        for task in 0..<tasks { outputs[task] += Double(words.weight * scales[task] * Float(sums[task])) }
    }
}

import TurnoutNumerics

/// Weights, their gradients and the optimiser's two moments.
///
/// Rows of a vocabulary that no text has used yet have neither gradient nor moments: their pages are never touched, and
/// all that a step does to them is decay. That is exact, and saves most of the memory of a small task.
final class LearningState {
    let table: ParameterTable
    let weights: FloatBlock
    let gradients: FloatBlock
    let first: FloatBlock
    let second: FloatBlock
    /// Rows of the vocabulary that were used, by the index of the tensor.
    private var used: [Int: [Bool]] = [:]
    /// What has gradients: all tensors, but of a vocabulary the used rows only.
    private(set) var live: [(range: Range<Int>, decays: Bool)] = []

    init(_ table: ParameterTable) {
        self.table = table
        weights = FloatBlock(count: table.count)
        gradients = FloatBlock(count: table.count)
        first = FloatBlock(count: table.count)
        second = FloatBlock(count: table.count)
        for (index, tensor) in table.tensors.enumerated() where tensor.isVocabulary && !tensor.isFrozen {
            used[index] = [Bool](repeating: false, count: tensor.shape[0])
        }
        findLive()
    }

    /// Sets a tensor's weights.
    func set(_ tensor: ParameterTable.Tensor, to values: [Float]) {
        precondition(values.count == tensor.range.count, "\(tensor.name) has \(tensor.range.count) weights")
        (weights.start + tensor.range.lowerBound).update(from: values, count: values.count)
    }

    /// Every tensor's weights, by name.
    var tensors: [String: [Float]] {
        Dictionary(uniqueKeysWithValues: table.tensors.map { ($0.name, weights.array($0.range)) })
    }

    // MARK: - Vocabulary

    /// Says which rows of vocabularies the next gradients will touch.
    func use(rows: some Sequence<Int32>) {
        var isNew = false
        for index in used.keys {
            for row in rows where used[index]?[Int(row)] == false {
                used[index]?[Int(row)] = true
                isNew = true
            }
        }
        if isNew { findLive() }
    }

    /// After the moments were read from a checkpoint: a row was used when it has a moment.
    func findUsedRows() {
        for index in used.keys {
            let tensor = table.tensors[index], width = tensor.shape[1]
            for row in 0..<tensor.shape[0] {
                let start = second.start + tensor.range.lowerBound + row * width
                used[index]?[row] = (0..<width).contains { start[$0] != 0 }
            }
        }
        findLive()
    }

    private func findLive() {
        live = table.tensors.enumerated().filter { !$1.isFrozen }.flatMap { index, tensor in
            guard let rows = used[index] else { return [(range: tensor.range, decays: tensor.decays)] }
            return runs(of: true, in: rows, of: tensor).map { (range: $0, decays: tensor.decays) }
        }
    }

    private func runs(of wanted: Bool, in rows: [Bool], of tensor: ParameterTable.Tensor) -> [Range<Int>] {
        var runs: [Range<Int>] = [], row = 0
        while row < rows.count {
            let start = row
            while row < rows.count, rows[row] == rows[start] { row += 1 }
            if rows[start] == wanted {
                let first = tensor.range.lowerBound
                runs.append(first + start * tensor.shape[1]..<first + row * tensor.shape[1])
            }
        }
        return runs
    }

    // MARK: - Steps

    func zeroGradients() {
        for (range, _) in live { (gradients.start + range.lowerBound).update(repeating: 0, count: range.count) }
    }

    /// The length of the gradient, all tensors as one vector; the same with any number of threads.
    func gradientNorm(pool: ThreadPool?) -> Double {
        let size = 1 << 16
        let blocks = live.flatMap { range, _ in
            stride(from: range.lowerBound, to: range.upperBound, by: size).map { $0..<min($0 + size, range.upperBound) }
        }
        var sums = [Double](repeating: 0, count: blocks.count)
        sums.withUnsafeMutableBufferPointer { sums in
            forEach(blocks.count, pool) { block in
                let part = UnsafeBufferPointer(
                    start: gradients.start + blocks[block].lowerBound, count: blocks[block].count)
                sums[block] = Double(dot(part, part))
            }
        }
        return sums.reduce(0, +).squareRoot()
    }

    /// Moves every weight that is not frozen.
    func apply(_ step: AdamW.Step, kernels: Kernels, pool: ThreadPool?) {
        for (range, decays) in live {
            let at = range.lowerBound
            kernels.apply(
                step, decays: decays, weights: weights.start + at, gradients: gradients.start + at,
                first: first.start + at, second: second.start + at, count: range.count, pool: pool)
        }
        guard step.decay != 1 else { return }
        for (index, rows) in used {
            let unused = runs(of: false, in: rows, of: table.tensors[index])
            forEach(unused.count, pool) { run in
                for i in unused[run] { weights.start[i] *= step.decay }
            }
        }
    }
}

/// Runs tasks on a pool, or here where there is none.
func forEach(_ tasks: Int, _ pool: ThreadPool?, _ body: (Int) -> Void) {
    guard let pool, tasks > 1 else {
        for task in 0..<tasks { body(task) }
        return
    }
    pool.run(tasks) { task, _ in body(task) }
}

import TurnoutNumerics

/// What is learnt: examples, and a loss with its gradient for some of them.
protocol TuningTask {
    /// The tensors that learn, the encoder's first.
    var table: ParameterTable { get }
    /// How many examples there are.
    var exampleCount: Int { get }
    /// Tokens of one example.
    func tokenCount(of example: Int) -> Int
    /// Floats of memory that a step on these examples takes.
    func memory(for examples: [Int], threads: Int, _ kernels: Kernels) -> Int
    /// Rows of the vocabulary that these examples use.
    func vocabularyRows(of examples: [Int]) -> [Int32]

    /// The mean loss of some examples; its gradient is added to the bench's.
    ///
    /// - Parameters:
    ///   - examples: Their numbers.
    ///   - seed: Of the dropout; `nil` for none.
    ///   - bench: What to work with.
    /// - Returns: The loss.
    func loss(of examples: [Int], seed: UInt64?, _ bench: Workbench) -> Double
}

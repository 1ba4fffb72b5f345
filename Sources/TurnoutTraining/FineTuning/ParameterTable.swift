/// The tensors that are learnt, laid end to end in one block of numbers.
///
/// Weights, gradients and both moments are four blocks of this one layout, so that the optimiser is a loop over ranges.
struct ParameterTable: Sendable {
    struct Tensor: Sendable {
        let name: String
        let shape: [Int]
        let range: Range<Int>
        /// Biases and layer norms do not decay.
        let decays: Bool
        /// Frozen tensors neither have gradients nor move.
        let isFrozen: Bool
        /// Whether rows without a gradient are the rule: a vocabulary, of which a text uses a few dozen.
        let isVocabulary: Bool
    }

    private(set) var tensors: [Tensor] = []
    private(set) var count = 0

    /// Appends a tensor.
    ///
    /// - Returns: Where it lies.
    mutating func add(_ name: String, _ shape: [Int], isFrozen: Bool = false, isVocabulary: Bool = false) -> Range<Int>
    {
        let range = count..<count + shape.reduce(1, *)
        let decays = !name.hasSuffix("bias") && !name.contains("LayerNorm")
        tensors.append(
            Tensor(
                name: name, shape: shape, range: range, decays: decays, isFrozen: isFrozen, isVocabulary: isVocabulary))
        count = range.upperBound
        return range
    }

    subscript(name: String) -> Tensor? { tensors.first { $0.name == name } }
}

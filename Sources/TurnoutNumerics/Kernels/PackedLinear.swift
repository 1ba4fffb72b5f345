import CTurnoutKernels
import TurnoutCore

/// How the weights of a linear layer are kept in memory.
public enum WeightStorage: String, Sendable, CaseIterable {
    /// 32-bit floats: what the model says, to the bit.
    case float32
    /// The upper 16 bits of each float: half the memory, about two and a half decimal digits.
    case bfloat16
    /// Signed bytes with one scale per output and 64 inputs: little more than a quarter of the memory. Rows are rounded
    /// to 16 bits on their way in, and the products of 64 inputs are summed as exact integers.
    case int8

    var code: Int32 {
        switch self {
        case .float32: Int32(TURNOUT_STORAGE_FLOAT32)
        case .bfloat16: Int32(TURNOUT_STORAGE_BFLOAT16)
        case .int8: Int32(TURNOUT_STORAGE_INT8)
        }
    }
}

/// y = activation(x·Wᵀ + b) + residual, with the weights rearranged once into the order in which they are read.
///
/// Unchecked, because the packed weights are a pointer. It is safe: they are written in `init` and never again, and
/// freed in `deinit`.
package final class PackedLinear: @unchecked Sendable {
    /// The length of a row of y.
    package let outputs: Int
    /// The length of a row of x.
    package let inputs: Int
    let packed: OpaquePointer

    /// Some consecutive outputs of a layer, as a model file has them.
    package struct Part {
        /// Row-major, `[outputs, inputs]`.
        package let weights: [Float]
        /// One for each output; `nil` for zeros.
        package let bias: [Float]?

        /// Bundles weights and bias.
        package init(weights: [Float], bias: [Float]?) {
            self.weights = weights
            self.bias = bias
        }
    }

    /// Packs a layer whose outputs are those of `parts`, one after the other.
    ///
    /// - Parameters:
    ///   - inputs: The length of a row of x.
    ///   - outputsPerPart: How many outputs each part has.
    ///   - storage: How weights are kept.
    ///   - kernels: Who will multiply.
    ///   - parts: Each is asked for once and released before the next, so that a model is never in memory twice.
    /// - Throws: `TurnoutError` with code `.io` when memory is lacking; what a part throws.
    /// - Complexity: O(weights)
    package init(
        inputs: Int, outputsPerPart: Int, storage: WeightStorage, kernels: Kernels = .best,
        parts: [() throws -> Part]
    ) throws {
        let outputs = outputsPerPart * parts.count
        guard let packed = turnout_packed_create(kernels.table, storage.code, outputs, inputs) else {
            throw TurnoutError(
                .io, "there is no memory for \(outputs) x \(inputs) weights; use a smaller model or int8 storage")
        }
        self.packed = packed
        self.outputs = outputs
        self.inputs = inputs
        for (i, part) in parts.enumerated() {
            let part = try part()
            precondition(part.weights.count == outputsPerPart * inputs, "weights do not fill their part")
            precondition(part.bias.map { $0.count == outputsPerPart } ?? true, "one bias an output")
            turnout_packed_set(packed, i * outputsPerPart, outputsPerPart, part.weights, part.bias)
        }
    }

    deinit { turnout_packed_free(packed) }

    /// Bytes of scratch memory that ``apply(to:rows:activation:residual:into:scratch:pool:)`` needs.
    package func scratchByteCount(rows: Int) -> Int { turnout_linear_scratch(packed, rows) }

    /// Multiplies.
    ///
    /// - Parameters:
    ///   - x: Shape `[rows, inputs]`.
    ///   - rows: The number of rows.
    ///   - activation: Applied before the residual is added.
    ///   - residual: Shape `[rows, outputs]`; may be `y`.
    ///   - y: Receives the result, `[rows, outputs]`; must not overlap `x`.
    ///   - scratch: At least ``scratchByteCount(rows:)`` bytes; `nil` if that is 0.
    ///   - pool: Who shares the work; `nil` for the caller alone. The result is the same to the bit.
    /// - Complexity: O(`rows` · `inputs` · `outputs`)
    package func apply(
        to x: UnsafePointer<Float>, rows: Int, activation: Activation = .none, residual: UnsafePointer<Float>? = nil,
        into y: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer? = nil, pool: ThreadPool? = nil
    ) {
        turnout_linear(
            pool?.pool, packed, activation.rawValue, rows, x, inputs, residual, y, outputs, scratch)
    }
}

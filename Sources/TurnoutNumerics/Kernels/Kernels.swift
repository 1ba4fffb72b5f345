import CTurnoutKernels

/// A set of vector instructions for which kernels were compiled.
package enum InstructionSet: Int32, CaseIterable, Sendable {
    /// Plain C; runs anywhere.
    case portable = 0
    /// Part of every 64-bit ARM processor. Apple's too: on one matrix at a time these kernels need no library, and
    /// weights packed once are what a library call repacks each time.
    case neon = 1
    /// 256-bit vectors with fused multiply-add.
    case avx2 = 2
    /// 512-bit vectors with 16-bit integer products (VNNI).
    case avx512 = 3
}

/// What the elements of a layer pass through.
package enum Activation: Int32, CaseIterable, Sendable {
    /// Nothing.
    case none = 0
    /// x·Φ(x), exactly.
    case gelu = 1
    /// x·Φ(x) by its approximation with tanh.
    case geluTanh = 2
    /// max(x, 0).
    case relu = 3
    /// tanh x.
    case tanh = 4
}

/// The kernels that run on this processor.
///
/// Sendable although it holds a pointer: the table it points to is constant and lives as long as the process.
package struct Kernels: @unchecked Sendable {
    let table: OpaquePointer

    /// The fastest kernels of this processor; asked of the processor once.
    package static let best = Kernels(table: turnout_kernels_best())

    /// The kernels for one instruction set; `nil` where this processor or build has none.
    package init?(_ set: InstructionSet) {
        guard let table = turnout_kernels_for(set.rawValue) else { return nil }
        self.table = table
    }

    private init(table: OpaquePointer) { self.table = table }

    /// Every set this processor runs, the slowest first.
    package static var available: [Kernels] { InstructionSet.allCases.compactMap { Kernels($0) } }

    /// `portable`, `neon`, `avx2` or `avx512`.
    package var name: String { String(cString: turnout_kernels_name(table)) }

    /// Applies an activation in place.
    ///
    /// Absolute error below 1e-6 for |x| <= 10.
    ///
    /// - Complexity: O(`x.count`)
    package func apply(_ activation: Activation, to x: UnsafeMutableBufferPointer<Float>) {
        turnout_activate(table, activation.rawValue, x.count, x.baseAddress)
    }

    /// Turns each row of `[rows, width]` into exp(scale·x) divided by its sum, in place.
    ///
    /// - Parameters:
    ///   - x: The rows.
    ///   - rows: How many.
    ///   - width: The elements of a row, at least 1.
    ///   - stride: The distance in floats from one row to the next; at least `width`.
    ///   - scale: What elements are multiplied by first.
    /// - Complexity: O(`rows` · `width`)
    package func softmax(
        _ x: UnsafeMutablePointer<Float>, rows: Int, width: Int, stride: Int, scale: Float = 1
    ) {
        turnout_softmax(table, rows, width, stride, scale, x)
    }

    /// Normalises each row of `[rows, norm.width]` to mean 0 and variance 1, then applies gain and shift.
    ///
    /// - Parameters:
    ///   - norm: Gain, shift and epsilon.
    ///   - x: The rows.
    ///   - rows: How many.
    ///   - y: Receives the result; may be `x`.
    /// - Complexity: O(`rows` · `norm.width`)
    package func apply(_ norm: LayerNorm, to x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>) {
        turnout_layer_norm(table, rows, norm.width, x, norm.gain, norm.shift, norm.epsilon, y)
    }
}

/// The parameters of a layer normalisation.
///
/// Ba et al. 2016, "Layer Normalization".
package struct LayerNorm: Sendable {
    /// What normalised elements are multiplied by.
    package let gain: [Float]
    /// What is added after; as many as `gain`.
    package let shift: [Float]
    /// Added to the variance.
    package let epsilon: Float

    /// Bundles the parameters; `gain` and `shift` have equal counts.
    package init(gain: [Float], shift: [Float], epsilon: Float) {
        precondition(gain.count == shift.count, "a layer norm has as many shifts as gains")
        self.gain = gain
        self.shift = shift
        self.epsilon = epsilon
    }

    /// The length of the rows it normalises.
    package var width: Int { gain.count }
}

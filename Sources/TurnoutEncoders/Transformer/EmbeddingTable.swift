/// The vectors of tokens, read where the file has them: of a large vocabulary only a few rows are ever touched.
struct EmbeddingTable: Sendable {
    let width: Int
    private let tensor: SafetensorsTensor

    /// A table of floats of shape `[rows, width]`.
    init(_ tensor: SafetensorsTensor) {
        self.tensor = tensor
        self.width = tensor.shape[1]
    }

    /// Writes row `index` plus `addend` to `out`, `width` elements each.
    ///
    /// - Complexity: O(width)
    func add(_ index: Int, to addend: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>) {
        tensor.withUnsafeBytes { bytes in
            let row = bytes.baseAddress.map { $0 + index * width * tensor.dtype.byteWidth }
            guard let row else { return }
            switch tensor.dtype {
            case .f32:
                for j in 0..<width { out[j] = addend[j] + row.loadUnaligned(fromByteOffset: 4 * j, as: Float.self) }
            case .bf16:
                for j in 0..<width {
                    let bits = row.loadUnaligned(fromByteOffset: 2 * j, as: UInt16.self)
                    out[j] = addend[j] + Float(bitPattern: UInt32(bits) << 16)
                }
            default:
                for j in 0..<width {
                    let bits = row.loadUnaligned(fromByteOffset: 2 * j, as: UInt16.self)
                    out[j] = addend[j] + Self.single(fromHalf: bits)
                }
            }
        }
    }

    /// A finite half-precision float: its exponent is moved by a multiplication, which rights subnormal numbers too.
    private static func single(fromHalf half: UInt16) -> Float {
        let magnitude = Float(bitPattern: UInt32(half & 0x7fff) << 13) * 0x1p112
        return half & 0x8000 == 0 ? magnitude : -magnitude
    }
}

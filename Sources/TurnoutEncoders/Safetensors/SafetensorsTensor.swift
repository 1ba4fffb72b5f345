import TurnoutCore
public import TurnoutNumerics

/// One tensor of a safetensors file: its kind, its shape and its bytes, which stay where the file keeps them.
public struct SafetensorsTensor: Sendable {
    /// The name within the file.
    public let name: String
    /// The kind of its elements.
    public let dtype: SafetensorsDType
    /// The length of each axis; empty for a single number.
    public let shape: [Int]
    /// The number of elements: the product of ``shape``.
    public let count: Int

    let file: String
    let range: Range<Int>
    let storage: SafetensorsStorage

    /// Lends the elements, row-major and little-endian, as the file holds them.
    ///
    /// The pointer is valid inside `body` only, and need not be aligned: read it with `loadUnaligned`.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(storage) { try body(bytes) }
    }

    /// Gives the memory of a mapped file's elements back to the system until they are read again.
    func releasePages() { storage.releasePages(of: range) }

    /// The elements in place; the caller keeps ``storage`` alive.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: storage.bytes[range]) }

    /// The elements as 32-bit floats.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` when they are not floats.
    /// - Complexity: O(``count``)
    public func floats() throws -> [Float] {
        switch dtype {
        case .f32: return values { Float(bitPattern: $0) }
        case .f64: return values { Float(Double(bitPattern: $0)) }
        case .f16: return values { Self.single(fromHalf: $0) }
        case .bf16: return values { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
        default: throw mismatch(expected: "floats")
        }
    }

    /// The elements as whole numbers.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` when they are floats, or exceed `Int`.
    /// - Complexity: O(``count``)
    public func integers() throws -> [Int] {
        switch dtype {
        case .i64: return values { (value: Int64) in Int(value) }
        case .i32: return values { (value: Int32) in Int(value) }
        case .i16: return values { (value: Int16) in Int(value) }
        case .i8: return values { (value: Int8) in Int(value) }
        case .u32: return values { (value: UInt32) in Int(value) }
        case .u16: return values { (value: UInt16) in Int(value) }
        case .u8, .bool: return values { (value: UInt8) in Int(value) }
        case .u64:
            let wide: [UInt64] = values { $0 }
            guard wide.allSatisfy({ $0 <= UInt64(Int.max) }) else { throw mismatch(expected: "smaller integers") }
            return wide.map { Int($0) }
        case .f64, .f32, .f16, .bf16: throw mismatch(expected: "integers")
        }
    }

    /// A tensor of two axes as a matrix of 32-bit floats.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` when it is not of two axes or not of floats.
    /// - Complexity: O(``count``)
    public func matrix() throws -> Matrix {
        guard shape.count == 2 else { throw mismatch(expected: "a matrix of two axes") }
        return Matrix(rows: shape[0], columns: shape[1], storage: try floats())
    }

    func mismatch(expected: String) -> TurnoutError {
        TurnoutError(
            .damagedFile,
            """
            '\(file)' does not fit: tensor '\(name)' is \(dtype.rawValue) of shape \(shape), where \(expected) \
            are needed; use the file this one should be, or write it again
            """)
    }

    private func values<Stored: BitwiseCopyable, Value>(_ convert: (Stored) -> Value) -> [Value] {
        withUnsafeBytes { bytes in
            let width = MemoryLayout<Stored>.size
            return (0..<count).map { convert(bytes.loadUnaligned(fromByteOffset: $0 * width, as: Stored.self)) }
        }
    }

    /// By arithmetic on the bits, because `Float16` is missing on Intel Macs.
    private static func single(fromHalf half: UInt16) -> Float {
        let sign = UInt32(half & 0x8000) << 16
        let exponent = UInt32(half >> 10) & 0x1F
        let fraction = UInt32(half) & 0x3FF
        switch exponent {
        case 0:
            let magnitude = Float(fraction) * 0x1p-24
            return sign == 0 ? magnitude : -magnitude
        case 0x1F: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }
}

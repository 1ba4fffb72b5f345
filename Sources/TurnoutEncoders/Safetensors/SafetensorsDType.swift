/// The kind of number a tensor is made of; names as in the safetensors format.
public enum SafetensorsDType: String, Sendable, CaseIterable {
    /// 64-bit floats.
    case f64 = "F64"
    /// 32-bit floats.
    case f32 = "F32"
    /// IEEE half-precision floats.
    case f16 = "F16"
    /// The upper half of 32-bit floats.
    case bf16 = "BF16"
    /// Signed 64-bit integers.
    case i64 = "I64"
    /// Signed 32-bit integers.
    case i32 = "I32"
    /// Signed 16-bit integers.
    case i16 = "I16"
    /// Signed 8-bit integers.
    case i8 = "I8"
    /// Unsigned 64-bit integers.
    case u64 = "U64"
    /// Unsigned 32-bit integers.
    case u32 = "U32"
    /// Unsigned 16-bit integers.
    case u16 = "U16"
    /// Bytes.
    case u8 = "U8"
    /// One byte each, 0 or 1.
    case bool = "BOOL"

    /// How many bytes one element takes.
    public var byteWidth: Int {
        switch self {
        case .f64, .i64, .u64: 8
        case .f32, .i32, .u32: 4
        case .f16, .bf16, .i16, .u16: 2
        case .i8, .u8, .bool: 1
        }
    }
}

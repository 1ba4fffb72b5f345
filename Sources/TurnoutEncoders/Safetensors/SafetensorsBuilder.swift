import TurnoutCore
public import TurnoutNumerics

/// Collects tensors and remarks, and writes them as a safetensors file.
///
/// The same content gives the same bytes, whatever the order in which it was added: wider elements first, then by name,
/// so that every tensor is aligned to its elements.
public struct SafetensorsBuilder: Sendable {
    /// The file's remarks about itself; the format allows text only.
    public var metadata: [String: String] = [:]

    private struct Part {
        var dtype: SafetensorsDType
        var shape: [Int]
        var bytes: [UInt8]
    }
    private var parts: [String: Part] = [:]

    /// An empty file.
    public init() {}

    /// A copy of a file, tensors and remarks byte for byte, to which more can be added.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile`; never for a file that could be opened.
    /// - Complexity: O(bytes)
    public init(copying file: SafetensorsFile) throws {
        metadata = file.metadata
        for name in file.names {
            try add(copying: file.tensor(name))
        }
    }

    /// Adds a tensor of another file, byte for byte.
    ///
    /// - Throws: `TurnoutError` with code `.invalidArgument` when the name is taken.
    /// - Complexity: O(bytes)
    public mutating func add(copying tensor: SafetensorsTensor) throws {
        try checkName(tensor.name)
        parts[tensor.name] = Part(
            dtype: tensor.dtype, shape: tensor.shape, bytes: tensor.withUnsafeBytes { [UInt8]($0) })
    }

    /// Adds a tensor of 32-bit floats, row-major.
    ///
    /// - Throws: `TurnoutError` with code `.invalidArgument` when the name is taken or `__metadata__`, or when the
    ///   elements do not fill the shape.
    /// - Complexity: O(elements)
    public mutating func add(_ name: String, floats: [Float], shape: [Int]) throws {
        try add(name, .f32, floats, shape)
    }

    /// Adds a matrix of 32-bit floats; shape `[rows, columns]`.
    ///
    /// - Throws: `TurnoutError` with code `.invalidArgument` when the name is taken or `__metadata__`.
    /// - Complexity: O(elements)
    public mutating func add(_ name: String, matrix: Matrix) throws {
        try add(name, .f32, matrix.storage, [matrix.rows, matrix.columns])
    }

    /// Adds a tensor of signed 8-bit integers, row-major.
    ///
    /// - Throws: `TurnoutError` as ``add(_:floats:shape:)`` does.
    /// - Complexity: O(elements)
    public mutating func add(_ name: String, int8 elements: [Int8], shape: [Int]) throws {
        try add(name, .i8, elements, shape)
    }

    /// Adds a tensor of signed 32-bit integers, row-major.
    ///
    /// - Throws: `TurnoutError` as ``add(_:floats:shape:)`` does.
    /// - Complexity: O(elements)
    public mutating func add(_ name: String, int32 elements: [Int32], shape: [Int]) throws {
        try add(name, .i32, elements, shape)
    }

    /// Adds a tensor of bytes of one axis, such as text.
    ///
    /// - Throws: `TurnoutError` with code `.invalidArgument` when the name is taken or `__metadata__`.
    /// - Complexity: O(elements)
    public mutating func add(_ name: String, bytes: [UInt8]) throws {
        try add(name, .u8, bytes, [bytes.count])
    }

    private mutating func add<Element: BitwiseCopyable>(
        _ name: String, _ dtype: SafetensorsDType, _ elements: [Element], _ shape: [Int]
    ) throws {
        try checkName(name)
        guard SafetensorsFile.product(shape) == elements.count, shape.allSatisfy({ $0 >= 0 }) else {
            throw TurnoutError(
                .invalidArgument,
                "\(elements.count) elements do not fill shape \(shape) of tensor '\(name)'; pass the shape they have")
        }
        parts[name] = Part(dtype: dtype, shape: shape, bytes: elements.withUnsafeBytes { [UInt8]($0) })
    }

    private func checkName(_ name: String) throws {
        guard name != "__metadata__", parts[name] == nil else {
            throw TurnoutError(
                .invalidArgument, "a tensor cannot be called '\(name)', which is taken or reserved; choose another name"
            )
        }
    }

    /// The bytes of the file.
    ///
    /// - Complexity: O(bytes)
    public func serialized() -> [UInt8] {
        let ordered = orderedParts
        var file = Self.header(metadata: metadata, ordered.map { ($0.name, $0.part.dtype, $0.part.shape) })
        file.reserveCapacity(file.count + ordered.reduce(0) { $0 + $1.part.bytes.count })
        for (_, part) in ordered { file.append(contentsOf: part.bytes) }
        return file
    }

    /// Writes the file: first aside, then, once it is safely on the disk, by a rename over `path`.
    ///
    /// A reader sees the old file or the new one, never a part of one. After a failure nothing is left behind.
    ///
    /// - Throws: `TurnoutError` with code `.io`.
    /// - Complexity: O(bytes)
    public func write(to path: String) throws {
        let ordered = orderedParts
        let header = Self.header(metadata: metadata, ordered.map { ($0.name, $0.part.dtype, $0.part.shape) })
        try WholeFile.write(to: path) { append in
            try header.withUnsafeBytes(append)
            for (_, part) in ordered { try part.bytes.withUnsafeBytes(append) }
        }
    }

    /// Writes a file of vectors of 32-bit floats that are not copied first, as ``write(to:)`` does.
    ///
    /// - Throws: `TurnoutError` with code `.io`.
    /// - Complexity: O(bytes)
    package static func write(
        _ vectors: [(name: String, floats: UnsafeBufferPointer<Float>)], metadata: [String: String], to path: String
    ) throws {
        let header = header(metadata: metadata, vectors.map { ($0.name, .f32, [$0.floats.count]) })
        try WholeFile.write(to: path) { append in
            try header.withUnsafeBytes(append)
            for (_, floats) in vectors { try append(UnsafeRawBufferPointer(floats)) }
        }
    }

    private var orderedParts: [(name: String, part: Part)] {
        parts.sorted { a, b in (b.value.dtype.byteWidth, a.key) < (a.value.dtype.byteWidth, b.key) }
            .map { ($0.key, $0.value) }
    }

    /// The length of the header and the header, for tensors in this order.
    private static func header(
        metadata: [String: String], _ tensors: [(name: String, dtype: SafetensorsDType, shape: [Int])]
    ) -> [UInt8] {
        var fields: [String] = []
        if !metadata.isEmpty {
            let remarks = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            fields.append("\"__metadata__\":{\(remarks.joined(separator: ","))}")
        }
        var position = 0
        for (name, dtype, shape) in tensors {
            let end = position + shape.reduce(dtype.byteWidth, *)
            fields.append(
                "\(quoted(name)):{\"dtype\":\"\(dtype.rawValue)\",\"shape\":[\(shape.map(String.init).joined(separator: ","))],"
                    + "\"data_offsets\":[\(position),\(end)]}")
            position = end
        }
        var header = Array("{\(fields.joined(separator: ","))}".utf8)
        while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
        return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

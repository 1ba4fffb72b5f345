import Crypto
import TurnoutCore
public import TurnoutNumerics

/// A safetensors file, verified in full when it is opened.
///
/// The format: eight bytes of header length, a JSON header, and the tensors one after the other without gaps. Opening
/// checks everything the header claims against the bytes that are there, so that later reads cannot go astray. Files
/// are mapped, not read: tensors that are never touched cost nothing.
///
/// The file must not be shortened in place while it is open. Files replaced by a rename, as ``SafetensorsBuilder``
/// does, are safe.
public struct SafetensorsFile: Sendable {
    /// The name that messages use: the path, or what the creator called it.
    public let name: String
    /// The file's remarks about itself; empty when it has none.
    public let metadata: [String: String]
    /// The names of all tensors, in the order in which they lie in the file.
    public let names: [String]

    private let tensors: [String: SafetensorsTensor]
    private let storage: SafetensorsStorage
    private let dataStart: Int

    /// Longest header that is read; the reference implementation has the same limit.
    private static let longestHeader = 100_000_000

    /// Maps a file read-only.
    ///
    /// - Throws: `TurnoutError` with code `.io` when it cannot be read, `.damagedFile` when it is not a sound
    ///   safetensors file, `.unsupported` when it holds a kind of number this version does not know.
    /// - Complexity: O(header), whatever the size of the tensors.
    public init(contentsOf path: String) throws {
        try self.init(storage: SafetensorsStorage(mapping: path), name: path)
    }

    /// Copies a file that is in memory.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - name: What messages call it.
    /// - Throws: `TurnoutError` as ``init(contentsOf:)`` does.
    /// - Complexity: O(`bytes.count`)
    public init(bytes: [UInt8], name: String = "safetensors data") throws {
        try self.init(storage: SafetensorsStorage(copying: bytes), name: name)
    }

    /// Refers to a file that is part of the binary, without copying it.
    ///
    /// - Parameters:
    ///   - staticBytes: The whole file; it must live, unchanged, as long as the process.
    ///   - name: What messages call it.
    /// - Throws: `TurnoutError` as ``init(contentsOf:)`` does.
    /// - Complexity: O(header)
    public init(staticBytes: UnsafeRawBufferPointer, name: String) throws {
        try self.init(storage: SafetensorsStorage(staticBytes: staticBytes), name: name)
    }

    private init(storage: SafetensorsStorage, name: String) throws {
        let bytes = storage.bytes
        let (header, dataStart) = try Self.header(of: bytes, name)
        let ordered = header.entries.sorted { ($0.begin, $0.end, $0.name) < ($1.begin, $1.end, $1.name) }
        var position = 0
        var tensors: [String: SafetensorsTensor] = [:]
        for entry in ordered {
            let (dtype, count) = try Self.verify(entry, at: position, of: bytes.count - dataStart, name)
            position = entry.end
            tensors[entry.name] = SafetensorsTensor(
                name: entry.name, dtype: dtype, shape: entry.shape, count: count, file: name,
                range: dataStart + entry.begin..<dataStart + entry.end, storage: storage)
        }
        guard position == bytes.count - dataStart else {
            throw Self.damaged(name, "its tensors end at byte \(position), but \(bytes.count - dataStart) are there")
        }
        self.name = name
        self.metadata = header.metadata
        self.names = ordered.map(\.name)
        self.tensors = tensors
        self.storage = storage
        self.dataStart = dataStart
    }

    /// The header, and where the tensors begin.
    private static func header(of bytes: UnsafeRawBufferPointer, _ name: String) throws -> (SafetensorsHeader, Int) {
        guard bytes.count >= 8 else {
            throw damaged(name, "it has \(bytes.count) bytes, fewer than the 8 of a header length")
        }
        let declared = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard declared <= UInt64(min(longestHeader, bytes.count - 8)) else {
            throw damaged(
                name, "its first 8 bytes announce a header of \(declared) bytes, but \(bytes.count - 8) follow")
        }
        let dataStart = 8 + Int(declared)
        do {
            return (try SafetensorsHeader(json: UnsafeRawBufferPointer(rebasing: bytes[8..<dataStart])), dataStart)
        } catch {
            throw damaged(name, error.reason)
        }
    }

    /// The kind and number of a tensor's elements, once what the header says of them holds together.
    private static func verify(
        _ entry: SafetensorsHeader.Entry, at position: Int, of available: Int, _ name: String
    ) throws -> (SafetensorsDType, Int) {
        guard let dtype = SafetensorsDType(rawValue: entry.dtype) else {
            throw TurnoutError(
                .unsupported,
                """
                '\(name)' holds tensor '\(entry.name)' of kind '\(entry.dtype)', which this version does not read; \
                convert it to F32
                """)
        }
        guard let count = product(entry.shape),
            case let (size, overflow) = count.multipliedReportingOverflow(by: dtype.byteWidth), !overflow
        else { throw damaged(name, "the shape \(entry.shape) of tensor '\(entry.name)' is too large to exist") }
        guard entry.begin == position, entry.end >= entry.begin, entry.end - entry.begin == size else {
            throw damaged(
                name,
                """
                tensor '\(entry.name)', \(entry.dtype) of shape \(entry.shape), should take bytes \
                \(position)..<\(position &+ size), but its header says \(entry.begin)..<\(entry.end)
                """)
        }
        guard entry.end <= available else {
            throw damaged(name, "tensor '\(entry.name)' ends at byte \(entry.end), but only \(available) are there")
        }
        return (dtype, count)
    }

    private static func damaged(_ name: String, _ reason: String) -> TurnoutError {
        TurnoutError(
            .damagedFile, "'\(name)' is not a sound safetensors file: \(reason); fetch it again or write it again")
    }

    /// Whether there is a tensor of this name.
    ///
    /// - Complexity: O(1)
    public func has(_ name: String) -> Bool { tensors[name] != nil }

    /// A tensor by its name.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile`, naming the tensors that are there.
    /// - Complexity: O(1)
    public func tensor(_ name: String) throws -> SafetensorsTensor {
        guard let tensor = tensors[name] else {
            let present = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
            throw TurnoutError(
                .damagedFile,
                """
                '\(self.name)' has no tensor '\(name)' (it has: \(present.isEmpty ? "none" : present)); \
                use a file of the right kind, or write it again
                """)
        }
        return tensor
    }

    /// The elements of a tensor of floats, whatever their width.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` when there is no such tensor or it is not of floats.
    /// - Complexity: O(elements)
    public func floats(_ name: String) throws -> [Float] { try tensor(name).floats() }

    /// A tensor of floats of two axes.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` when there is no such tensor or it is not such a one.
    /// - Complexity: O(elements)
    public func matrix(_ name: String) throws -> Matrix { try tensor(name).matrix() }

    /// The SHA-256 of the bytes of all tensors as they lie in the file, 64 hexadecimal digits; the header does not count.
    ///
    /// - Complexity: O(bytes)
    public func tensorDigest() -> String {
        withExtendedLifetime(storage) {
            var hash = SHA256()
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: storage.bytes[dataStart...]))
            return hash.finalize().map { byte in
                String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
            }.joined()
        }
    }

    /// The SHA-256 of some tensors, their names included, in the order given; 64 hexadecimal digits.
    ///
    /// - Complexity: O(bytes)
    func tensorDigest(of names: [String]) -> String {
        var hash = SHA256()
        for name in names {
            guard let tensor = tensors[name] else { continue }
            hash.update(data: Array("\(name)\n\(tensor.dtype.rawValue)\n\(tensor.shape)\n".utf8))
            tensor.withUnsafeBytes { hash.update(bufferPointer: $0) }
        }
        return hash.finalize().map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }

    /// The number of elements of a shape; `nil` on overflow.
    static func product(_ shape: [Int]) -> Int? {
        var product = 1
        for length in shape {
            let (next, overflow) = product.multipliedReportingOverflow(by: length)
            if overflow { return nil }
            product = next
        }
        return product
    }
}

import TurnoutCore
import TurnoutEncoders

/// Any bytes are read as a safetensors file, or are refused by a `TurnoutError`.
enum FuzzSafetensors {
    static func test(_ bytes: [UInt8]) {
        guard let file = refusedOrRead({ try SafetensorsFile(bytes: bytes) }) else { return }
        var elements = 0
        for name in file.names {
            guard let tensor = refusedOrRead({ try file.tensor(name) }) else { fatalError("a listed tensor is absent") }
            precondition(tensor.shape.reduce(1, *) == tensor.count)
            elements += tensor.count
            if let floats = refusedOrRead(tensor.floats) { precondition(floats.count == tensor.count) }
            if let integers = refusedOrRead(tensor.integers) { precondition(integers.count == tensor.count) }
            if let matrix = refusedOrRead(tensor.matrix) { precondition(matrix.rows * matrix.columns == tensor.count) }
        }
        precondition(elements <= bytes.count && file.tensorDigest().utf8.count == 64)
        _ = refusedOrRead { try StaticEncoder(file: file).encode("a b [CLS] 漢") }
    }

    private static func refusedOrRead<Value>(_ body: () throws -> Value) -> Value? {
        do {
            return try body()
        } catch {
            precondition(error is TurnoutError, "refused by \(error)")
            return nil
        }
    }
}

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    FuzzSafetensors.test(Array(UnsafeBufferPointer(start: data, count: size)))
    return 0
}

import Foundation
import Testing
import TurnoutCore
import TurnoutEncoders
import TurnoutNumerics

@Suite("Writing safetensors files")
struct SafetensorsBuilderTests {
    private func example() throws -> SafetensorsBuilder {
        var builder = SafetensorsBuilder()
        builder.metadata = ["card": "{\"a\":\"é\\n\u{1}\"}", "b": "2"]
        try builder.add("bytes", bytes: [1, 2, 3])
        try builder.add("rows", int8: [-1, 2, -3, 4, 5, 6], shape: [2, 3])
        try builder.add("counts", int32: [.min, .max], shape: [2])
        try builder.add("weights", matrix: Matrix(rows: 1, columns: 2, storage: [0.25, -.infinity]))
        try builder.add("scalar", floats: [3], shape: [])
        return builder
    }

    @Test("what is written is read back")
    func roundTrip() throws {
        let file = try SafetensorsFile(bytes: example().serialized())
        #expect(file.metadata == ["card": "{\"a\":\"é\\n\u{1}\"}", "b": "2"])
        #expect(file.names == ["counts", "scalar", "weights", "bytes", "rows"])
        #expect(try file.tensor("rows").integers() == [-1, 2, -3, 4, 5, 6])
        #expect(try file.tensor("counts").integers() == [Int(Int32.min), Int(Int32.max)])
        #expect(try file.matrix("weights").storage == [0.25, -.infinity])
        #expect(try file.floats("scalar") == [3])
        #expect(try file.tensor("bytes").withUnsafeBytes { Array($0) } == [1, 2, 3])
    }

    @Test("the same content gives the same bytes, and tensors begin at a multiple of eight")
    func deterministic() throws {
        let bytes = try example().serialized()
        #expect(try example().serialized() == bytes)
        var reversed = SafetensorsBuilder()
        try reversed.add("b", floats: [1], shape: [1])
        try reversed.add("a", floats: [2], shape: [1])
        var straight = SafetensorsBuilder()
        try straight.add("a", floats: [2], shape: [1])
        try straight.add("b", floats: [1], shape: [1])
        #expect(reversed.serialized() == straight.serialized())
        #expect(bytes[0] % 8 == 0)
    }

    @Test("a taken or reserved name, and elements that do not fill the shape, are refused")
    func refused() throws {
        var builder = try example()
        #expect(throws: TurnoutError.self) { try builder.add("bytes", bytes: []) }
        #expect(throws: TurnoutError.self) { try builder.add("__metadata__", bytes: []) }
        #expect(throws: TurnoutError.self) { try builder.add("short", floats: [1], shape: [2]) }
        #expect(throws: TurnoutError.self) { try builder.add("negative", floats: [1], shape: [-1, -1]) }
    }

    @Test("a file replaces the old one whole, and a failure leaves nothing behind")
    func writing() throws {
        try Fixture.withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("table.safetensors").path
            try Data("old".utf8).write(to: URL(fileURLWithPath: path))
            try example().write(to: path)
            #expect(try SafetensorsFile(contentsOf: path).names.count == 5)
            let occupied = folder.appendingPathComponent("occupied")
            try FileManager.default.createDirectory(at: occupied, withIntermediateDirectories: false)
            let error = #expect(throws: TurnoutError.self) { try example().write(to: occupied.path) }
            #expect(error?.code == .io)
            #expect(throws: TurnoutError.self) { try example().write(to: folder.path + "/missing/x") }
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(left == ["occupied", "table.safetensors"])
        }
    }
}

import Foundation
import Testing
import TurnoutCore
import TurnoutNumerics

@testable import TurnoutEncoders

@Suite("Reading safetensors files")
struct SafetensorsFileTests {
    /// A file made by hand.
    static func file(_ header: String, data: Int = 0) -> [UInt8] {
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8)
            + (0..<data).map { UInt8(truncatingIfNeeded: $0) }
    }

    @Test(
        "every kind of number reads as the reference library wrote it",
        arguments: ["float64", "float32", "float16", "bfloat16"])
    func kinds(name: String) throws {
        let file = try SafetensorsFile(contentsOf: Fixture.url("kinds.safetensors").path)
        var expected: [Float] = [0, 1, -1, 0.5, 65504, 0x1p-24, -0x1p-14, 3.140625]
        if name == "bfloat16" { expected[4] = 65536 }
        #expect(try file.floats(name) == expected)
        #expect(try file.matrix(name).rows == 2)
        #expect(throws: TurnoutError.self) { try file.tensor(name).integers() }
    }

    @Test("whole numbers of every width read alike", arguments: ["int64", "int32", "int16", "int8", "uint8"])
    func integers(name: String) throws {
        let file = try SafetensorsFile(contentsOf: Fixture.url("kinds.safetensors").path)
        #expect(try file.tensor(name).integers() == [0, 1, 100, 127])
        #expect(throws: TurnoutError.self) { try file.floats(name) }
    }

    @Test("remarks, single numbers, empty tensors and flags survive")
    func oddments() throws {
        let file = try SafetensorsFile(contentsOf: Fixture.url("kinds.safetensors").path)
        #expect(file.metadata == ["note": "quote \" backslash \\ line\n accent é 🚆"])
        #expect(try file.floats("single") == [7])
        #expect(try file.tensor("single").shape == [])
        #expect(try file.floats("none") == [])
        #expect(try file.tensor("none").shape == [0, 3])
        #expect(try file.tensor("flag").integers() == [1, 0])
        #expect(throws: TurnoutError.self) { try file.matrix("single") }
    }

    @Test("a tensor that is not there is named, and so are those that are")
    func missingTensor() throws {
        let file = try SafetensorsFile(contentsOf: Fixture.url("kinds.safetensors").path)
        let error = #expect(throws: TurnoutError.self) { try file.tensor("nowhere") }
        #expect(error?.code == .damagedFile)
        #expect(error?.message.contains("'nowhere'") == true)
        #expect(error?.message.contains("float64") == true)
    }

    @Test("half-precision numbers of every bit pattern widen exactly")
    func halves() throws {
        let bits = (0...UInt16.max).map { $0 }
        let bytes = bits.withUnsafeBytes { Array($0) }
        let header = #"{"h":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]}}"#
        let floats = try SafetensorsFile(bytes: Self.file(header) + bytes).floats("h")
        #expect(floats[0x0001] == 0x1p-24)
        #expect(floats[0x03FF] == 0x3FFp-24)
        #expect(floats[0x0400] == 0x1p-14)
        #expect(floats[0x3C00] == 1)
        #expect(floats[0x7BFF] == 65504)
        #expect(floats[0x7C00] == .infinity)
        #expect(floats[0x7E00].isNaN)
        #expect(floats[0x8000].sign == .minus)
        #expect(zip(floats[0..<0x7C00], floats[1...0x7C00]).allSatisfy { $0 < $1 })
        #expect(zip(floats[0..<0x7C00], floats[0x8000..<0xFC00]).allSatisfy { $0 == -$1 })
    }

    @Test(
        "a foreign or damaged file is refused with a reason",
        arguments: [
            ("", "fewer than the 8"),
            ("{", "lacks '\"'"),
            ("[]", "lacks '{'"),
            ("{} x", "text after its end"),
            (#"{"a":1}"#, "lacks '{'"),
            (#"{"a":{"dtype":"F32","shape":[1]}}"#, "lacks its dtype"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, "lacks its dtype"),
            (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, "whole number"),
            (#"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, "lacks ']'"),
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, "0..<8"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, "0..<4"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, "0..<4"),
            (#"{"a":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,4]}}"#, "too large"),
            (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#, "too large"),
            (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#, "too large"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}"#, "'x'"),
            (#"{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}"#, "only 4"),
            (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, "end at byte 2"),
            (
                #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}}"#,
                "2..<5"
            ),
            (
                #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"a":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#,
                "twice"
            ),
            (#"{"__metadata__":{"k":1}}"#, "lacks '\"'"),
            (#"{"__metadata__":{"k":"\ud800"}}"#, "surrogate"),
            (#"{"__metadata__":{"k":"\q"}}"#, "escape"),
            (#"{"__metadata__":{"k":"v","k":"w"}}"#, "twice"),
            (#"{"__metadata__":{"k":"v"#, "inside a string"),
        ])
    func damaged(header: String, reason: String) {
        let bytes = header.isEmpty ? [1, 2, 3] : Self.file(header, data: 4)
        let error = #expect(throws: TurnoutError.self) { try SafetensorsFile(bytes: bytes, name: "some.file") }
        #expect(error?.code == .damagedFile)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("'some.file'") == true)
    }

    @Test("a kind of number from the future is unsupported, not damaged")
    func unknownKind() {
        let bytes = Self.file(#"{"a":{"dtype":"F4","shape":[8],"data_offsets":[0,4]}}"#, data: 4)
        let error = #expect(throws: TurnoutError.self) { try SafetensorsFile(bytes: bytes) }
        #expect(error?.code == .unsupported)
    }

    @Test("a file cut short anywhere is refused")
    func truncated() throws {
        let whole = [UInt8](try Data(contentsOf: Fixture.url("kinds.safetensors")))
        for length in 0..<whole.count {
            #expect(throws: TurnoutError.self) { try SafetensorsFile(bytes: Array(whole[..<length])) }
        }
    }

    @Test("no change of bytes makes reading crash")
    func mutated() throws {
        let whole = [UInt8](try Data(contentsOf: Fixture.url("kinds.safetensors")))
        let header = Int(whole[0]) + Int(whole[1]) << 8 + 8
        var random = SeededGenerator(seed: 7)
        for _ in 0..<3000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let symbols = Array(#"0123456789[]{},:"\uFIB"#.utf8)
                let place = Int.random(in: 0..<header, using: &random)
                let symbol = symbols.randomElement(using: &random) ?? 0
                bytes[place] = Bool.random(using: &random) ? symbol : random.byte()
            }
            guard let file = try? SafetensorsFile(bytes: bytes) else { continue }
            for name in file.names {
                _ = try? file.floats(name)
                _ = try? file.tensor(name).integers()
                _ = try? file.matrix(name)
            }
        }
    }

    @Test("a path that is missing, empty or a folder is refused with what to do")
    func unreadable() throws {
        try Fixture.withTemporaryFolder { folder in
            let missing = #expect(throws: TurnoutError.self) {
                try SafetensorsFile(contentsOf: folder.appendingPathComponent("missing").path)
            }
            #expect(missing?.code == .io)
            let directory = #expect(throws: TurnoutError.self) { try SafetensorsFile(contentsOf: folder.path) }
            #expect(directory?.code == .io)
            let empty = folder.appendingPathComponent("empty")
            try Data().write(to: empty)
            let error = #expect(throws: TurnoutError.self) { try SafetensorsFile(contentsOf: empty.path) }
            #expect(error?.code == .damagedFile)
        }
    }

    @Test("pages that are given back come back as they were, from a file and from memory")
    func releasedPages() throws {
        let ones = [Float](repeating: 1, count: 100_000)
        var builder = SafetensorsBuilder()
        try builder.add("ones", floats: ones, shape: [ones.count])
        let bytes = builder.serialized()
        let path = NSTemporaryDirectory() + "turnout-pages-\(UUID().uuidString).safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        for file in [try SafetensorsFile(bytes: bytes), try SafetensorsFile(contentsOf: path)] {
            let tensor = try file.tensor("ones")
            tensor.releasePages()
            #expect(try tensor.floats() == ones)
        }
    }
}

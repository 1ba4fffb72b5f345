/// The instructions of pickles of which heads are made: what Python writes in protocols 2 to 5.
enum PickleInstruction: UInt8 {
    case protocolVersion = 0x80
    case frame = 0x95
    case stop = 0x2E
    case mark = 0x28
    case none = 0x4E
    case newTrue = 0x88
    case newFalse = 0x89
    case int1 = 0x4B
    case int2 = 0x4D
    case int4 = 0x4A
    case long1 = 0x8A
    case double = 0x47
    case text1 = 0x8C
    case text4 = 0x58
    case text8 = 0x8D
    case bytes1 = 0x43
    case bytes4 = 0x42
    case bytes8 = 0x8E
    case byteArray8 = 0x96
    case put1 = 0x71
    case put4 = 0x72
    case memoize = 0x94
    case get1 = 0x68
    case get4 = 0x6A
    case emptyTuple = 0x29
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case tuple = 0x74
    case emptyList = 0x5D
    case append = 0x61
    case appends = 0x65
    case emptyDictionary = 0x7D
    case setItem = 0x73
    case setItems = 0x75
    case global = 0x63
    case stackGlobal = 0x93
    case newObject = 0x81
    case reduce = 0x52
    case build = 0x62

    /// What Python calls an instruction that is not read.
    static func name(ofOther code: UInt8) -> String {
        let names: [UInt8: String] = [
            0x30: "POP", 0x31: "POP_MARK", 0x32: "DUP", 0x46: "FLOAT", 0x49: "INT", 0x4C: "LONG", 0x50: "PERSID",
            0x51: "BINPERSID", 0x53: "STRING", 0x54: "BINSTRING", 0x55: "SHORT_BINSTRING", 0x56: "UNICODE",
            0x64: "DICT", 0x67: "GET", 0x69: "INST", 0x6C: "LIST", 0x6F: "OBJ", 0x70: "PUT", 0x82: "EXT1",
            0x83: "EXT2", 0x84: "EXT4", 0x8B: "LONG4", 0x8F: "EMPTY_SET", 0x90: "ADDITEMS", 0x91: "FROZENSET",
            0x92: "NEWOBJ_EX", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
        ]
        let digits = String(code, radix: 16, uppercase: true)
        return "\(names[code].map { "\($0), " } ?? "")0x\(code < 16 ? "0" : "")\(digits)"
    }
}

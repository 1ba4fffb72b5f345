import TurnoutCore

/// Walks over the bytes of a pickle and never past their end.
struct PickleCursor {
    let bytes: [UInt8]
    let file: String
    private(set) var position: Int

    init(_ bytes: [UInt8], file: String, position: Int = 0) {
        self.bytes = bytes
        self.file = file
        self.position = position
    }

    mutating func byte() throws -> UInt8 {
        guard position < bytes.count else { throw damaged("ends in the middle") }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.count - position else {
            throw damaged("has \(bytes.count - position) bytes left where \(count) were announced")
        }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// A whole number of `width` bytes, the least first.
    mutating func number(_ width: Int) throws -> Int {
        let word = try take(width).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let number = Int(exactly: word) else { throw damaged("announces a length beyond any file") }
        return number
    }

    /// A whole number of 0 to 8 bytes in two's complement, the least first.
    mutating func signedNumber(_ width: Int) throws -> Int {
        guard width <= 8 else { throw damaged("has a whole number of \(width) bytes, where a head has at most 8") }
        let slice = try take(width)
        guard let last = slice.last else { return 0 }
        let sign: UInt64 = last & 0x80 == 0 ? 0 : .max
        return Int(Int64(bitPattern: slice.reversed().reduce(sign) { $0 << 8 | UInt64($1) }))
    }

    mutating func text(_ count: Int) throws -> String {
        guard let text = String(validating: try take(count), as: UTF8.self) else {
            throw damaged("has text that is not UTF-8")
        }
        return text
    }

    /// A line of ASCII without its end, such as the name of a module.
    mutating func line() throws -> String {
        guard let end = bytes[position...].prefix(256).firstIndex(of: UInt8(ascii: "\n")) else {
            throw damaged("has a name without an end")
        }
        let line = try text(end - position)
        position = end + 1
        return line
    }

    func damaged(_ what: String) -> TurnoutError {
        TurnoutError(
            .damagedFile, "'\(file)' \(what) (byte \(position)) and is no pickle of a head; fetch or save it again")
    }

    func refused(_ what: String) -> TurnoutError {
        TurnoutError(
            .unsupported,
            """
            '\(file)' \(what) (byte \(position)); a pickle is read only as a scikit-learn LogisticRegression, and \
            nothing in it is ever run: save such a head, or a model_head.safetensors
            """)
    }
}

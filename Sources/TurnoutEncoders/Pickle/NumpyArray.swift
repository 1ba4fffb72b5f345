/// The kind of an array's elements.
struct NumpyType: Sendable, Equatable {
    enum Kind: Character, Sendable {
        case float = "f"
        case signed = "i"
        case unsigned = "u"
        case boolean = "b"
        /// UTF-32, padded with zeros.
        case text = "U"
        /// Values of Python.
        case object = "O"
    }

    let kind: Kind
    /// Bytes of an element.
    let size: Int
    var isBigEndian = false

    /// Reads a code such as `f8`, `i4` or `U12`; `nil` for a kind that no head is made of.
    init?(code: String) {
        guard let first = code.first, let kind = Kind(rawValue: first), let count = Int(code.dropFirst()) else {
            return nil
        }
        switch (kind, count) {
        case (.float, 4), (.float, 8), (.signed, 1), (.signed, 2), (.signed, 4), (.signed, 8), (.unsigned, 1),
            (.unsigned, 2), (.unsigned, 4), (.unsigned, 8), (.boolean, 1), (.object, 8):
            self.size = count
        case (.text, 0...1 << 16): self.size = 4 * count
        default: return nil
        }
        self.kind = kind
    }
}

/// An array as it lies in a pickle.
struct NumpyArray: Sendable, Equatable {
    enum Contents: Sendable, Equatable {
        case bytes(ArraySlice<UInt8>)
        /// The elements of an array of Python's values: text, whole numbers and truth values.
        case values([PickleValue])
    }

    let type: NumpyType
    let shape: [Int]
    /// Whether the first axis runs fastest.
    let isFortran: Bool
    let contents: Contents

    /// `nil` when the contents do not fill the shape.
    init?(type: NumpyType, shape: [Int], isFortran: Bool, contents: Contents) {
        guard let count = Self.count(of: shape) else { return nil }
        switch contents {
        case .bytes(let bytes): guard type.kind != .object, bytes.count == count * type.size else { return nil }
        case .values(let values): guard type.kind == .object, values.count == count else { return nil }
        }
        self.type = type
        self.shape = shape
        self.isFortran = isFortran
        self.contents = contents
    }

    /// The number of elements; `nil` where it is negative or beyond what a file can hold.
    static func count(of shape: [Int]) -> Int? {
        var count = 1
        for side in shape {
            let (product, overflows) = count.multipliedReportingOverflow(by: side)
            guard side >= 0, !overflows, product <= 1 << 40 else { return nil }
            count = product
        }
        return count
    }

    /// The elements as floating-point numbers, the last axis fastest; `nil` for another kind or more than two axes.
    var doubles: [Double]? {
        guard type.kind == .float, case .bytes(let bytes) = contents else { return nil }
        let numbers = words(of: bytes).map {
            type.size == 4 ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: $0))) : Double(bitPattern: $0)
        }
        guard isFortran, shape.count > 1 else { return numbers }
        guard shape.count == 2 else { return nil }
        let (rows, columns) = (shape[0], shape[1])
        return (0..<rows * columns).map { numbers[$0 % columns * rows + $0 / columns] }
    }

    /// The elements as names of classes; `nil` for a kind that is none, or more than one axis.
    var labels: [ClassLabel]? {
        guard shape.count == 1 else { return nil }
        switch contents {
        case .values(let values):
            let labels = values.compactMap { value -> ClassLabel? in
                switch value {
                case .text(let text): .text(text)
                case .integer(let number): .integer(number)
                case .bool(let flag): .integer(flag ? 1 : 0)
                default: nil
                }
            }
            return labels.count == values.count ? labels : nil
        case .bytes(let bytes):
            switch type.kind {
            case .text: return texts(of: bytes)
            case .signed: return words(of: bytes).map { .integer(signed($0)) }
            case .unsigned, .boolean: return words(of: bytes).map { .integer(Int(truncatingIfNeeded: $0)) }
            case .float, .object: return nil
            }
        }
    }

    /// The bits of each element, in the order of the file.
    private func words(of bytes: ArraySlice<UInt8>) -> [UInt64] {
        stride(from: bytes.startIndex, to: bytes.endIndex, by: type.size).map { start in
            let element = bytes[start..<start + type.size]
            return type.isBigEndian
                ? element.reduce(0) { $0 << 8 | UInt64($1) } : element.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    private func signed(_ word: UInt64) -> Int {
        let unused = UInt64(64 - 8 * type.size)
        return Int(Int64(bitPattern: word << unused) >> Int64(unused))
    }

    private func texts(of bytes: ArraySlice<UInt8>) -> [ClassLabel]? {
        guard type.size > 0 else { return nil }
        var labels: [ClassLabel] = []
        for start in stride(from: bytes.startIndex, to: bytes.endIndex, by: type.size) {
            var text = String.UnicodeScalarView()
            for at in stride(from: start, to: start + type.size, by: 4) {
                let unit = bytes[at..<at + 4]
                let ordered = type.isBigEndian ? Array(unit) : unit.reversed()
                let value = ordered.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                guard value != 0 else { break }
                guard let scalar = Unicode.Scalar(value) else { return nil }
                text.append(scalar)
            }
            labels.append(.text(String(text)))
        }
        return labels
    }
}

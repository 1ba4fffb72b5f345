import TurnoutCore

/// Reads vocabulary and merges of a byte-pair model, translated to bytes where the model reads bytes.
struct BytePairReader {
    let bytes: UnsafeBufferPointer<UInt8>
    let file: String
    let readsBytes: Bool
    /// Tokens that no bytes can make, such as special ones with unusual characters.
    private(set) var others: ByteStringTable?
    private(set) var largestID: Int32 = -1

    init(bytes: UnsafeBufferPointer<UInt8>, file: String, readsBytes: Bool) {
        self.bytes = bytes
        self.file = file
        self.readsBytes = readsBytes
    }

    /// The table of tokens as the model sees them.
    mutating func vocabulary(_ list: consuming ByteStringList) throws -> ByteStringTable {
        largestID = list.values.max() ?? -1
        guard list.count > 0 else {
            throw TurnoutError(.damagedFile, "'\(file)': the vocabulary is empty; fetch the file again")
        }
        guard readsBytes else { return try ByteStringTable(list, file: file) }
        var translated = ByteStringList()
        var untranslated = ByteStringList()
        for index in 0..<list.count {
            let start = translated.text.count
            if Self.translate(list.bytes(index), into: &translated.text) {
                translated.close(value: list.values[index])
            } else {
                translated.text.truncate(to: start)
                untranslated.append(Array(list.bytes(index)), value: list.values[index])
            }
        }
        if untranslated.count > 0 { others = try ByteStringTable(untranslated, file: file) }
        return try ByteStringTable(translated, file: file)
    }

    /// Appends the bytes that a token stands for; false where it stands for none.
    private static func translate(_ token: UnsafeBufferPointer<UInt8>, into text: inout ByteBuffer) -> Bool {
        guard let base = token.baseAddress else { return true }
        var at = 0
        while at < token.count {
            let (scalar, width) = UTF8Decoding.wellFormed(base + at)
            guard let byte = ByteLevelAlphabet.byte(of: scalar) else { return false }
            text.append(byte)
            at += width
        }
        return true
    }

    /// The merges, written as `"a b"` or as `["a", "b"]`.
    func merges(at offset: Int, _ table: ByteStringTable, prefixSize: Int) throws -> BytePairMerges {
        var scanner = TokenizerFileScanner(bytes, at: offset)
        var merges: [BytePairMerges.Merge] = []
        var left = ByteBuffer()
        var right = ByteBuffer()
        var joined = ByteBuffer()
        try scanner.array { scanner in
            left.removeAll()
            right.removeAll()
            if scanner.peek() == UInt8(ascii: "[") {
                try scanner.bracket(UInt8(ascii: "["))
                try scanner.string(into: &left)
                try scanner.comma()
                try scanner.string(into: &right)
                try scanner.bracket(UInt8(ascii: "]"))
            } else {
                try scanner.string(into: &joined, clearing: true)
                if Self.isVersion(joined.text) { return }
                guard Self.halve(joined.text, &left, &right) else {
                    throw scanner.malformed("after two tokens and the blank between them")
                }
            }
            merges.append(try merge(left, right, &joined, table, prefixSize: prefixSize))
        }
        return try BytePairMerges(merges, file: file)
    }

    private static func isVersion(_ line: UnsafeBufferPointer<UInt8>) -> Bool { line.starts(with: "#version".utf8) }

    /// Cuts `"a b"` at its only blank.
    private static func halve(
        _ line: UnsafeBufferPointer<UInt8>, _ left: inout ByteBuffer, _ right: inout ByteBuffer
    ) -> Bool {
        guard let base = line.baseAddress, let blank = line.firstIndex(of: 0x20) else { return false }
        guard !line[(blank + 1)...].contains(0x20) else { return false }
        left.append(base, blank)
        right.append(base + blank + 1, line.count - blank - 1)
        return true
    }

    private func merge(
        _ left: borrowing ByteBuffer, _ right: borrowing ByteBuffer, _ joined: inout ByteBuffer,
        _ table: ByteStringTable, prefixSize: Int
    ) throws -> BytePairMerges.Merge {
        joined.removeAll()
        var middle = left.count
        if readsBytes {
            guard Self.translate(left.text, into: &joined) else { return Self.never }
            middle = joined.count
            guard Self.translate(right.text, into: &joined) else { return Self.never }
        } else {
            joined.append(left.start, left.count)
            joined.append(right.start, right.count)
        }
        let leftID = table.find(joined.start, middle).value
        let rightID = table.find(joined.start + middle, joined.count - middle).value
        guard joined.count - middle >= prefixSize else { throw unknown(right) }
        if prefixSize > 0 {
            joined.truncate(to: middle)
            joined.append(right.start + prefixSize, right.count - prefixSize)
        }
        let result = table.find(joined.start, joined.count).value
        guard leftID >= 0 else { throw unknown(left) }
        guard rightID >= 0 else { throw unknown(right) }
        guard result >= 0 else { throw unknown(joined) }
        return BytePairMerges.Merge(left: leftID, right: rightID, result: result)
    }

    /// Stands in for a merge of tokens that no bytes can make.
    private static let never = BytePairMerges.Merge(left: -1, right: -2, result: -1)

    private func unknown(_ token: borrowing ByteBuffer) -> TurnoutError {
        let text = String(decoding: token.text.prefix(40), as: UTF8.self)
        return TurnoutError(
            .damagedFile,
            "'\(file)': model.merges refers to '\(text)', which is not in the vocabulary; fetch the file again")
    }
}

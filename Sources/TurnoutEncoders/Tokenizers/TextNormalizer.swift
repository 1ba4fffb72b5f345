import CTurnoutDefaults

/// The steps by which a tokenizer.json says that text is to be made uniform, one after the other.
struct TextNormalizer: Sendable {
    /// One step.
    enum Step: Sendable {
        /// BERT's cleaning: deletes control characters, makes all white space a blank.
        case clean
        /// Puts blanks around Chinese characters.
        case spaceChinese
        /// Deletes nonspacing marks, as BERT does after taking accents off their letters.
        case deleteMarks
        /// Deletes all combining marks.
        case stripAccents
        case lowercase
        case form(UnicodeForm)
        case strip(left: Bool, right: Bool)
        case replace(TextPattern, with: [UInt8])
        case prepend([UInt8])
        case map(CharacterMap)
        /// What SentencePiece's `nmt` rules do with control characters and unusual blanks.
        case nmt
        /// Bytes as the characters that stand for them.
        case byteLevel
    }

    let steps: [Step]

    /// A text between two steps.
    struct Work: ~Copyable {
        var text = ByteBuffer()
        var spare = ByteBuffer()
        /// Whether the text still begins with what the original text begins with.
        var isAtOrigin = false
    }

    /// Normalises a text into `work.text`.
    ///
    /// - Complexity: O(bytes · steps)
    func apply(_ input: UnsafeBufferPointer<UInt8>, _ work: inout Work) {
        var isASCII = UTF8Decoding.isASCII(input)
        var isFirst = true
        for step in steps {
            if isASCII, step.leavesASCII { continue }
            work.spare.removeAll()
            if isFirst {
                step.apply(input, to: &work.spare, isAtOrigin: &work.isAtOrigin)
            } else {
                step.apply(work.text.text, to: &work.spare, isAtOrigin: &work.isAtOrigin)
            }
            swap(&work.text, &work.spare)
            isFirst = false
            if isASCII, !step.keepsASCII { isASCII = UTF8Decoding.isASCII(work.text.text) }
        }
        if isFirst {
            work.text.removeAll()
            if let base = input.baseAddress { work.text.append(base, input.count) }
        }
    }
}

extension TextNormalizer.Step {
    /// Whether the step does nothing to ASCII.
    var leavesASCII: Bool {
        switch self {
        case .spaceChinese, .deleteMarks, .stripAccents, .form: true
        default: false
        }
    }

    /// Whether ASCII remains ASCII.
    var keepsASCII: Bool {
        switch self {
        case .clean, .lowercase, .strip, .nmt: true
        default: leavesASCII
        }
    }

    func apply(_ input: UnsafeBufferPointer<UInt8>, to output: inout ByteBuffer, isAtOrigin: inout Bool) {
        output.reserve(input.count)
        switch self {
        case .clean: Self.map(input, &output, &isAtOrigin, Self.clean)
        case .spaceChinese: Self.map(input, &output, &isAtOrigin, Self.spaceChinese)
        case .deleteMarks:
            Self.map(input, &output, &isAtOrigin) { scalar, output in
                if turnout_text_flags_of(scalar) & UInt32(TURNOUT_TEXT_MARK) == 0 { output.append(scalar: scalar) }
            }
        case .stripAccents:
            Self.map(input, &output, &isAtOrigin) { scalar, output in
                if turnout_text_flags_of(scalar) & UInt32(TURNOUT_TEXT_ACCENT) == 0 { output.append(scalar: scalar) }
            }
        case .lowercase: Self.map(input, &output, &isAtOrigin, Self.lowercase)
        case .form(let form): form.apply(input, to: &output)
        case .strip(let left, let right): Self.strip(input, left, right, &output, &isAtOrigin)
        case .replace(let pattern, let content): Self.replace(input, pattern, content, &output, &isAtOrigin)
        case .prepend(let content):
            guard let base = input.baseAddress, !input.isEmpty else { return }
            output.append(content)
            output.append(base, input.count)
        case .map(let map): map.apply(input, to: &output)
        case .nmt: Self.map(input, &output, &isAtOrigin, Self.nmt)
        case .byteLevel: for byte in input { output.append(scalar: ByteLevelAlphabet.scalars[Int(byte)]) }
        }
    }

    /// Appends what `body` makes of each scalar.
    ///
    /// A text whose beginning is deleted is no longer at the origin.
    @inline(__always)
    private static func map(
        _ input: UnsafeBufferPointer<UInt8>, _ output: inout ByteBuffer, _ isAtOrigin: inout Bool,
        _ body: (UInt32, inout ByteBuffer) -> Void
    ) {
        guard let base = input.baseAddress else { return }
        var at = 0
        while at < input.count {
            let (scalar, width) = UTF8Decoding.wellFormed(base + at)
            body(scalar, &output)
            if at == 0, output.count == 0 { isAtOrigin = false }
            at &+= width
        }
    }

    @inline(__always)
    private static func clean(_ scalar: UInt32, _ output: inout ByteBuffer) {
        let flags = turnout_text_flags_of(scalar)
        if flags & UInt32(TURNOUT_TEXT_CONTROL) != 0 { return }
        output.append(scalar: flags & UInt32(TURNOUT_TEXT_WHITE) != 0 ? 0x20 : scalar)
    }

    @inline(__always)
    private static func spaceChinese(_ scalar: UInt32, _ output: inout ByteBuffer) {
        let isChinese = turnout_text_flags_of(scalar) & UInt32(TURNOUT_TEXT_CHINESE) != 0
        if isChinese { output.append(0x20) }
        output.append(scalar: scalar)
        if isChinese { output.append(0x20) }
    }

    @inline(__always)
    private static func lowercase(_ scalar: UInt32, _ output: inout ByteBuffer) {
        if scalar < 0x80 {
            output.append(UInt8(truncatingIfNeeded: 0x41...0x5A ~= scalar ? scalar | 0x20 : scalar))
            return
        }
        let lower = turnout_lower(scalar)
        if let bytes = lower.bytes {
            output.append(bytes, Int(lower.length))
        } else {
            output.append(scalar: scalar)
        }
    }

    @inline(__always)
    private static func nmt(_ scalar: UInt32, _ output: inout ByteBuffer) {
        switch scalar {
        case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: break
        case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD:
            output.append(0x20)
        default: output.append(scalar: scalar)
        }
    }

    private static func strip(
        _ input: UnsafeBufferPointer<UInt8>, _ left: Bool, _ right: Bool, _ output: inout ByteBuffer,
        _ isAtOrigin: inout Bool
    ) {
        guard let base = input.baseAddress else { return }
        func isWhite(_ at: Int) -> Bool {
            turnout_text_flags_of(UTF8Decoding.wellFormed(base + at).scalar) & UInt32(TURNOUT_TEXT_WHITE) != 0
        }
        var start = 0
        var end = input.count
        while left, start < end, isWhite(start) { start += UTF8Decoding.wellFormed(base + start).width }
        while right, start < end {
            let last = UTF8Decoding.startOfScalar(before: end, in: base)
            guard isWhite(last) else { break }
            end = last
        }
        if start > 0 { isAtOrigin = false }
        output.append(base + start, end - start)
    }

    private static func replace(
        _ input: UnsafeBufferPointer<UInt8>, _ pattern: TextPattern, _ content: [UInt8], _ output: inout ByteBuffer,
        _ isAtOrigin: inout Bool
    ) {
        guard let base = input.baseAddress else { return }
        var at = 0
        while let match = pattern.match(base, input.count, from: at) {
            output.append(base + at, match.lowerBound - at)
            output.append(content)
            at = match.upperBound
            let isSingle = match.count == UTF8Decoding.wellFormed(base + match.lowerBound).width
            if match.lowerBound == 0, !isSingle || content.isEmpty { isAtOrigin = false }
        }
        output.append(base + at, input.count - at)
    }
}

import TurnoutCore

@testable import TurnoutEncoders

/// Any bytes are read as a tokenizer.json (or, where they do not begin with a brace, as an spm.model if they begin with
/// its first field, and else as a vocab.txt) that gives ids within its vocabulary, or are refused by a `TurnoutError`.
enum FuzzTokenizer {
    private static let texts = [
        "", "ab <m> c", "▁ế ab\u{301}\u{327} 漢字 12", "  \u{0}a…b'll [UNK] ", String(repeating: "ab", count: 40),
    ]

    static func test(_ bytes: [UInt8]) {
        do {
            let tokenizer =
                switch bytes.first {
                case UInt8(ascii: "{"): try TokenizerFile.load(json: bytes)
                case 0x0A: try TokenizerFile.load(sentencePiece: bytes)
                default: try TokenizerFile.load(vocabulary: bytes)
                }
            for text in texts {
                let ids = tokenizer.encode(text, maximumLength: 64)
                precondition(ids.count <= 64)
                precondition(ids.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularyCount })
            }
        } catch {
            precondition(error is TurnoutError, "refused by \(error)")
        }
    }
}

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    FuzzTokenizer.test(Array(UnsafeBufferPointer(start: data, count: size)))
    return 0
}

import NIOCore
import Testing

@testable import TurnoutProviders

/// Damaged streams in random pieces: nothing crashes, nothing malformed is relayed, and pieces make no difference.
struct ChatStreamFuzzTests {
    private func relayed(_ bytes: [UInt8], piece: Int, splice: Splice? = nil) -> (ChatStreamReader, [UInt8]) {
        var reader = ChatStreamReader(passesUsage: false, splice: splice, eventLimit: 4096)
        var out: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: piece) {
            let chunk = ByteBuffer(bytes: bytes[start..<min(start + piece, bytes.count)])
            if let ready = reader.push(chunk) { out += ready.readableBytesView }
        }
        if let rest = reader.end() { out += rest.readableBytesView }
        return (reader, out)
    }

    private func events(_ bytes: [UInt8]) -> [[UInt8]] {
        var events: [[UInt8]] = []
        SSEFramer.forEachEvent(in: ByteBuffer(bytes: bytes)) { data, _ in events.append(Array(data)) }
        return events
    }

    @Test("damaged streams never crash the reader, and what it relays reads as a stream", arguments: 0..<3)
    func mutations(seed: Int) {
        var generator = SplitMix64(state: UInt64(seed))
        let original = Array(ChatStreamReaderTests.fixtures.joined().utf8)
        let alphabet = Array("{}[]\",:\\ndat \r\n".utf8) + [0, 0x80, 0xC3, 0xFF]
        for round in 0..<120 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                let letter = alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[index] = letter
                case 1: bytes.insert(letter, at: index)
                default:
                    bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 1...40, using: &generator)))
                }
            }
            let (whole, expected) = relayed(bytes, piece: bytes.count)
            let (pieces, out) = relayed(bytes, piece: Int.random(in: 1...64, using: &generator))
            #expect(events(out) == events(expected) && pieces.contentEvents == whole.contentEvents, "round \(round)")
            #expect(relayed(out, piece: max(out.count, 1)).0.malformedEvents == 0, "round \(round)")
            _ = relayed(bytes, piece: 16, splice: Splice(whole.transcript, .repeats))
            _ = relayed(bytes, piece: 16, splice: Splice(whole.transcript, .continues))
        }
    }
}

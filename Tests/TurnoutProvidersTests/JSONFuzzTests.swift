import Foundation
import NIOCore
import Testing

@testable import TurnoutProviders

/// The scanner against Foundation's parser on thousands of damaged requests.
struct JSONFuzzTests {
    private static let seeds = [
        #"{"model":"auto","messages":[{"role":"user","content":"Xin chào \ud83d\ude00 \"you\""}],"temperature":-0.5e-3,"n":1}"#,
        #"{"a":[true,false,null,{"b":[[],{}]}],"stream":true,"stream_options":{"include_usage":true},"é":"\u00e9\\"}"#,
        #"{"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}],"x":0}"#,
    ]

    private static func accepts(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { raw in
            var cursor = JSONCursor(raw)
            do {
                try cursor.readObject { (cursor, _) throws(JSONSyntaxError) in try cursor.skipValue() }
                try cursor.expectEnd()
                return true
            } catch {
                return false
            }
        }
    }

    /// Foundation refuses half surrogate pairs and numbers out of range, and takes commas before a closing bracket and
    /// other encodings than UTF-8; those are left out of the comparison.
    private static func isComparable(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self).lowercased()
        return !text.contains("\\ud") && !bytes.contains(0) && !text.contains("e-") && !text.contains("e+")
            && !text.contains(/,\s*[\]}]/)
            && bytes.first != 0xEF && bytes.first != 0xFE && bytes.first != 0xFF
    }

    @Test("damaged texts never crash it, and it takes what Foundation takes", arguments: 0..<3)
    func mutations(seed: Int) {
        var generator = SplitMix64(state: UInt64(seed))
        let original = Array(Self.seeds[seed].utf8)
        let alphabet = Array(#"{}[]",:\0123456789eE+-.truefalsnu /"#.utf8) + [0x80, 0xC3, 0xE2, 0xFF, 0x1F, 0x0A]
        var compared = 0
        for _ in 0..<6000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                let letter = alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[index] = letter
                case 1: bytes.insert(letter, at: index)
                case 2: bytes.remove(at: index)
                default: bytes.removeSubrange(index...)
                }
            }
            let mine = Self.accepts(bytes)
            if let request = try? ChatRequest(scanning: ByteBuffer(bytes: bytes)) {
                _ = (request.userTexts().map(\.count), request.promptText(), request.user, request.conversationHash())
                #expect((try? ChatRequest(scanning: request.body(naming: "other"))) != nil)
            }
            guard Self.isComparable(bytes) else { continue }
            compared += 1
            let theirs = (try? JSONSerialization.jsonObject(with: Data(bytes))) is [String: Any]
            #expect(mine == theirs, "\(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(compared > 1000)
    }

    @Test("strings of all lengths and alignments are found to their end")
    func alignment() throws {
        for length in 0..<40 {
            let text = String(repeating: "x", count: length)
            let body = ByteBuffer(string: #"{"messages":[{"role":"user","content":"\#(text)é\n"}],"model":"m"}"#)
            let request = try ChatRequest(scanning: body)
            #expect(request.lastUserText == text + "é\n")
            #expect(request.model == "m")
        }
    }
}

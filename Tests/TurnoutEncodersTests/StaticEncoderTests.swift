import Testing
import TurnoutCore
import TurnoutNumerics

@testable import TurnoutEncoders

@Suite("The static encoder")
struct StaticEncoderTests {
    /// The same by its definition, in double precision.
    private func byDefinition(_ text: String, _ encoder: StaticEncoder, _ file: SafetensorsFile) throws -> [Double] {
        let scales = try file.floats("scale")
        var sum = [Double](repeating: 0, count: encoder.dimension)
        try file.tensor("embedding").withUnsafeBytes { bytes in
            for id in encoder.tokenizer.encode(text) {
                for j in sum.indices {
                    let stored = Int8(bitPattern: bytes[Int(id) * encoder.dimension + j])
                    sum[j] += Double(scales[Int(id)]) * Double(stored)
                }
            }
        }
        let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? sum.map { $0 / length } : sum
    }

    private func cosine(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

    @Test("the fingerprint of the embedded table is the digest of its tensors")
    func fingerprint() throws {
        let encoder = try StaticEncoder.embedded()
        let file = try StaticEncoder.embeddedFile()
        #expect(encoder.fingerprint == file.tensorDigest())
        #expect(encoder.fingerprint.count == 64)
        #expect(try StaticEncoder(file: file).fingerprint == encoder.fingerprint)
        #expect(encoder.name == "static")
        #expect(encoder.dimension == 256)
        #expect(encoder.metadata["licence"] == "apache-2.0")
        #expect(encoder.metadata["source_model"] == "sentence-transformers/all-MiniLM-L6-v2")
    }

    @Test("every token of a text is read and counted")
    func tokenCount() throws {
        let encoder = try StaticEncoder.embedded()
        #expect(encoder.tokenCount(of: "") == TokenCount(0))
        let text = String(repeating: "what is a group? ", count: 1000)
        #expect(encoder.tokenCount(of: text) == TokenCount(encoder.tokenizer.encode(text).count))
    }

    @Test("a vector is the weighted mean of its tokens' rows, of length one")
    func definition() throws {
        let encoder = try StaticEncoder.embedded()
        let file = try StaticEncoder.embeddedFile()
        let texts: [(String, tolerance: Double)] = [
            ("Prove that √2 is irrational.", 1e-6), ("xin chào", 1e-6), ("a", 1e-6),
            (String(repeating: "a long text ", count: 3000), 1e-4),  // 9,000 rounded sums, all in one direction
        ]
        for (text, tolerance) in texts {
            let vector = encoder.encode(text)
            let expected = try byDefinition(text, encoder, file)
            #expect(vector.count == 256)
            #expect(zip(vector, expected).allSatisfy { abs(Double($0) - $1) < tolerance })
            #expect(abs(cosine(vector, vector) - 1) < 1e-5)
        }
    }

    @Test("texts that mean alike lie closer than texts that do not")
    func meaning() throws {
        let encoder = try StaticEncoder.embedded()
        let code = encoder.encode("Write a Python function that sorts a list of numbers.")
        let alike = encoder.encode("Implement sorting of an integer array in Java.")
        let other = encoder.encode("What should I cook for dinner with chicken and rice?")
        #expect(cosine(code, alike) > cosine(code, other) + 0.2)
    }

    @Test(
        "a text without a known token gives zeros",
        arguments: ["", " \n\t", "\u{301}\u{0}", "\u{E000}", "[CLS] [PAD][SEP]"])
    func nothing(text: String) throws {
        #expect(try StaticEncoder.embedded().encode(text) == [Float](repeating: 0, count: 256))
    }

    @Test("many texts give the rows that they give one by one")
    func batch() throws {
        let encoder = try StaticEncoder.embedded()
        let texts = ["one", "", "hai ba bốn"]
        let matrix = encoder.encode(texts)
        #expect(matrix.rows == 3)
        for (i, text) in texts.enumerated() { #expect(Array(matrix[row: i]) == encoder.encode(text)) }
    }

    private func table(
        tokens: String = "[UNK]\na\nb", rows: Int = 3, scale: [Float] = [0, 1, 1], metadata: [String: String] = [:]
    ) throws -> SafetensorsFile {
        var builder = SafetensorsBuilder()
        builder.metadata = ["format": "turnout-static-encoder", "format_version": "1"].merging(metadata) { $1 }
        try builder.add("embedding", int8: [Int8](repeating: 1, count: rows * 2), shape: [rows, 2])
        try builder.add("scale", floats: scale, shape: [scale.count])
        try builder.add("vocabulary", bytes: Array(tokens.utf8))
        return try SafetensorsFile(bytes: builder.serialized(), name: "small.safetensors")
    }

    @Test("a table of the user's own works alike")
    func ownTable() throws {
        let encoder = try StaticEncoder(file: table())
        #expect(encoder.dimension == 2)
        #expect(encoder.encode("a b").allSatisfy { abs($0 - Float(0.5).squareRoot()) < 1e-6 })
        #expect(encoder.encode("unheard") == [0, 0])
    }

    @Test("scales beyond all measure give zeros, not infinities")
    func overflow() throws {
        let encoder = try StaticEncoder(file: table(scale: [0, 3e38, 3e38]))
        #expect(encoder.encode("a b a b") == [0, 0])
    }

    @Test("a table that does not fit together, or is not what was written, is refused with a reason")
    func refused() throws {
        let damaged: [(SafetensorsFile, String)] = [
            (try table(metadata: ["format": "other"]), "format"),
            (try table(rows: 4), "4 rows"),
            (try table(scale: [0, 1]), "2 scales"),
            (try table(scale: [0, .nan, 1]), "not finite"),
            (try table(metadata: ["sha256": "00"]), "damaged"),
        ]
        for (file, reason) in damaged {
            let error = #expect(throws: TurnoutError.self) { try StaticEncoder(file: file) }
            #expect(error?.code == .damagedFile)
            #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        }
        let later = #expect(throws: TurnoutError.self) {
            try StaticEncoder(file: table(metadata: ["format_version": "2"]))
        }
        #expect(later?.code == .unsupported)
    }
}

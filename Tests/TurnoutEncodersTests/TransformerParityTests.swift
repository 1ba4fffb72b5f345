import Foundation
import Testing
import TurnoutEncoders
import TurnoutNumerics

/// all-MiniLM-L6-v2 on 2,000 prompts, Vietnamese and code among them.
///
/// The model and its 3 MB of vectors are not committed: `python Reference/make_transformer_goldens.py minilm …` makes
/// them, and two environment variables say where they are. Use a release build.
@Suite(
    "all-MiniLM-L6-v2 as sentence-transformers computes it",
    .enabled(
        if: MiniLM.model != nil && MiniLM.goldens != nil,
        "SKIPPED: set TURNOUT_MINILM and TURNOUT_MINILM_GOLDENS; Reference/README.md says how to make them"))
struct TransformerParityTests {
    private let prompts: [String]
    private let ids: [[Int32]]
    private let expected: Matrix

    init() throws {
        let folder = try #require(MiniLM.goldens)
        prompts = try JSONDecoder().decode(
            [String].self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/prompts.json")))
        let file = try SafetensorsFile(contentsOf: "\(folder)/goldens.safetensors")
        expected = try file.matrix("vectors")
        let all = try file.tensor("ids").integers().map(Int32.init)
        var next = 0
        ids = try file.tensor("lengths").integers().map { length in
            defer { next += length }
            return Array(all[next..<next + length])
        }
    }

    private func encode(_ storage: WeightStorage, threads: Int = 1) throws -> Matrix {
        let encoder = try TransformerEncoder(
            folder: #require(MiniLM.model), options: .init(storage: storage, threads: threads))
        return try encoder.encode(tokenIDs: ids)
    }

    private func cosines(_ matrix: Matrix) -> [Float] {
        (0..<matrix.rows).map { i in zip(matrix[row: i], expected[row: i]).reduce(0) { $0 + $1.0 * $1.1 } }
    }

    @Test("vectors of 32-bit weights differ by at most 1e-5, on one thread and two, from ids and from text")
    func float32() throws {
        let matrix = try encode(.float32)
        let worst = zip(matrix.storage, expected.storage).reduce(0) { max($0, abs($1.0 - $1.1)) }
        print("float32: largest difference \(worst)")
        #expect(worst <= 1e-5)
        #expect(try encode(.float32, threads: 2) == matrix)
        #expect(try TransformerEncoder(folder: #require(MiniLM.model)).encode(prompts) == matrix)
    }

    @Test("vectors of smaller weights keep a cosine of .999", arguments: [WeightStorage.bfloat16, .int8])
    func smaller(_ storage: WeightStorage) throws {
        let cosines = try cosines(encode(storage)).sorted()
        let mean = cosines.reduce(0, +) / Float(cosines.count)
        print("\(storage): cosine least \(cosines[0]), 1 % \(cosines[cosines.count / 100]), mean \(mean)")
        #expect(cosines[0] >= 0.999)
    }
}

/// Where the model and its vectors are.
private enum MiniLM {
    static let model = ProcessInfo.processInfo.environment["TURNOUT_MINILM"]
    static let goldens = ProcessInfo.processInfo.environment["TURNOUT_MINILM_GOLDENS"]
}

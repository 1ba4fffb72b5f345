import Foundation
import NIOCore
import Testing
import TurnoutGateway
import TurnoutProviders

/// Real shapes of requests, each with the ask that is to be found in it; docs/ask.md shows the table.
struct AskTableTests {
    struct Shape: Decodable, CustomTestStringConvertible {
        let shape: String
        let ask: String
        var body = ""
        var testDescription: String { shape }

        private enum CodingKeys: CodingKey {
            case shape, ask
        }
    }

    private static func shapes() throws -> [Shape] {
        let folder = Bundle.module.resourceURL?.appendingPathComponent("Fixtures/asks")
        let files = try FileManager.default.contentsOfDirectory(
            at: try #require(folder), includingPropertiesForKeys: nil)
        return try files.sorted { $0.path < $1.path }.map { file in
            let data = try Data(contentsOf: file)
            var shape = try JSONDecoder().decode(Shape.self, from: data)
            let whole = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            let request = try JSONSerialization.data(withJSONObject: try #require(whole["request"]))
            shape.body = String(decoding: request, as: UTF8.self)
            return shape
        }
    }

    @Test("the ask is found in every shape of request")
    func table() throws {
        let shapes = try Self.shapes()
        #expect(shapes.count >= 19)
        for shape in shapes {
            let request = try ChatRequest(scanning: ByteBuffer(string: shape.body))
            #expect(request.ask() == shape.ask, "\(shape.shape)")
        }
    }

    @Test("a plain prompt is routed as it stands")
    func prompt() throws {
        let request = try ChatRequest(scanning: ByteBuffer(string: #"{"prompt":"<task>\nx\n</task>\n"}"#))
        #expect(request.ask() == "<task>\nx\n</task>\n")
    }
}

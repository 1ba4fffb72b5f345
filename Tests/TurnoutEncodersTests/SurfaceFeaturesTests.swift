import Testing
import TurnoutEncoders

@Suite("Surface features")
struct SurfaceFeaturesTests {
    private struct Golden: Decodable {
        var text: String
        var features: [Float]
    }

    @Test("texts in many scripts have the features of the reference")
    func goldens() throws {
        let goldens = try Fixture.rows("surface.json", of: Golden.self)
        #expect(goldens.count > 40)
        for golden in goldens {
            let features = SurfaceFeatures.extract(from: golden.text)
            #expect(features.count == golden.features.count)
            for (k, name) in SurfaceFeatures.names.enumerated() {
                #expect(abs(features[k] - golden.features[k]) < 1e-5, "\(name) of \(golden.text)")
            }
        }
    }

    @Test("there is a name for each feature, and no two are alike")
    func names() {
        #expect(SurfaceFeatures.count == 14)
        #expect(Set(SurfaceFeatures.names).count == SurfaceFeatures.count)
        #expect(SurfaceFeatures.extract(from: "").count == SurfaceFeatures.count)
    }

    @Test("a million of anything stays finite and small", arguments: ["a", "\n", "?", "1 ", "A. x\n", "。", "()", "🚆 "])
    func bounded(part: String) {
        let features = SurfaceFeatures.extract(from: String(repeating: part, count: 200_000))
        #expect(features.allSatisfy { $0.isFinite && $0 >= 0 && $0 < 20 })
    }

    @Test("bytes that are not UTF-8 are passed over")
    func illFormed() {
        let bytes: [UInt8] = Array("ab".utf8) + [0xFF, 0xC3] + Array(" cd?".utf8)
        let features = bytes.withUnsafeBufferPointer { SurfaceFeatures.extract(fromUTF8: $0) }
        #expect(features == SurfaceFeatures.extract(from: "ab cd?"))
    }
}

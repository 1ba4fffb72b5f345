import Foundation
import Testing

@testable import TurnoutCore

struct WholeFileTests {
    @Test("what a killed process left beside a file is removed; what a running one writes, and any other file, stays")
    func leftovers() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let dead = Int32.max
        let removed = ["state.\(dead).7.partial", "state.\(getpid()).18446744073709551615.partial"]
        let kept = [
            "state", "state.1.7.partial", "state.partial", "state.\(dead).seven.partial", "state.\(dead).7.8.partial",
            "other.\(dead).7.partial", "state.\(dead).7",
        ]
        for name in removed + kept { try Data().write(to: folder.appending(path: name)) }
        WholeFile.removeLeftovers(of: folder.appending(path: "state").path)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == kept.sorted())
        WholeFile.removeLeftovers(of: "/nowhere/state")
    }

    @Test("before long work it is known where nothing can be written, and nothing is made")
    func places() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "turnout-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try WholeFile.check(folder.appending(path: "new").path)
        try WholeFile.check("new")
        for path in [folder.path, folder.appending(path: "none/new").path, "/dev/null", ""] {
            #expect(throws: TurnoutError.self, "\(path)") { try WholeFile.check(path) }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
}

import Foundation

/// A file that exists while a test runs.
struct TemporaryFile: ~Copyable {
    let path: String

    init(_ name: String, _ text: String) throws { try self.init(name, Data(text.utf8)) }

    init(_ name: String, _ data: Data) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("turnout-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let url = folder.appendingPathComponent(name)
        try data.write(to: url)
        self.path = url.path
    }

    deinit { try? FileManager.default.removeItem(at: URL(fileURLWithPath: path).deletingLastPathComponent()) }
}

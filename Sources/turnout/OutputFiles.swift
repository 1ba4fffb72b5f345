import Foundation
import TurnoutCore

/// The files that a command is going to write, once long work is done.
enum OutputFiles {
    /// Makes sure, before the work, that they can be written, and that none takes the place of another or of what is read.
    ///
    /// - Parameters:
    ///   - outputs: Each file with the option that names it; `nil` where the option was not given.
    ///   - inputs: Files that are read; names of what is no file, such as `static`, are passed over.
    /// - Throws: `TurnoutError` with code `.invalidArgument` for a file that is named twice, `.io` for a place where nothing
    ///   can be written.
    static func check(_ outputs: KeyValuePairs<String, String?>, inputs: [String] = []) throws {
        let read = inputs.filter { FileManager.default.fileExists(atPath: $0) }
        var taken = Dictionary(read.map { (identity($0), "is read") }, uniquingKeysWith: { first, _ in first })
        for (option, path) in outputs {
            guard let path else { continue }
            if let use = taken.updateValue("is what \(option) writes", forKey: identity(path)) {
                throw TurnoutError(
                    .invalidArgument, "\(option) would write over '\(path)', which \(use); give another name")
            }
            try WholeFile.check(path)
        }
    }

    /// The same for every path that leads to a file, which need not be there yet.
    private static func identity(_ path: String) -> String {
        let url = URL(filePath: path).standardizedFileURL
        if FileManager.default.fileExists(atPath: url.path) { return url.resolvingSymlinksInPath().path }
        return url.deletingLastPathComponent().resolvingSymlinksInPath().appending(path: url.lastPathComponent).path
    }
}

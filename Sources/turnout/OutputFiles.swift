import Foundation
import TurnoutCore

/// The files that a command is going to write, once long work is done.
enum OutputFiles {
    /// Makes sure, before the work, that they can be written, and that none takes the place of another or of what is read.
    ///
    /// - Parameters:
    ///   - outputs: Each file with the option that names it; `nil` where the option was not given.
    ///   - inputs: Files that are read.
    /// - Throws: `TurnoutError` with code `.invalidArgument` for a file that is named twice, `.io` for a place where nothing
    ///   can be written.
    static func check(_ outputs: KeyValuePairs<String, String?>, inputs: [String] = []) throws {
        var taken = Dictionary(inputs.map { (identity($0), "is read") }, uniquingKeysWith: { first, _ in first })
        for (option, path) in outputs {
            guard let path else { continue }
            if let use = taken.updateValue("is what \(option) writes", forKey: identity(path)) {
                throw TurnoutError(
                    .invalidArgument, "\(option) would write over '\(path)', which \(use); give another name")
            }
            try WholeFile.check(path)
        }
    }

    /// The same for every path that leads to a file.
    private static func identity(_ path: String) -> String {
        URL(filePath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }
}

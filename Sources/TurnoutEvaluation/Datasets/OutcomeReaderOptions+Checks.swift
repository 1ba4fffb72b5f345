import Foundation
import TurnoutCore

extension OutcomeReader.Options {
    /// Refuses weights that are not positive, or that belong to no file.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument`.
    func checkWeights(paths: [String]) throws {
        let names = Set(paths + paths.map { URL(fileURLWithPath: $0).lastPathComponent })
        for (file, weight) in weights.sorted(by: { $0.key < $1.key }) {
            guard weight > 0, weight.isFinite else {
                throw TurnoutError(
                    .invalidArgument, "the weight of \(file) is \(weight), but must be a number greater than 0")
            }
            guard names.contains(file) else {
                throw TurnoutError(
                    .invalidArgument,
                    "\(file) has a weight, but is not read; the files are \(paths.joined(separator: ", "))")
            }
        }
    }

    /// Refuses fields that were asked for and that no row of any file has: most likely a slip of the pen.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidArgument`.
    func checkFields(unseen: Set<String>, files: [String]) throws {
        guard let field = unseen.sorted().first else { return }
        let option = exclude.contains(field) ? "--exclude" : "--score-column"
        throw TurnoutError(
            .invalidArgument,
            "no row of \(files.joined(separator: ", ")) has the field '\(field)' named with \(option); check its spelling"
        )
    }
}

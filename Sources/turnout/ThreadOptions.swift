import ArgumentParser
import Foundation

/// How many threads a command may use whose result does not depend on it.
struct ThreadOptions: ParsableArguments {
    @Option(name: .customLong("threads"), help: "Threads; the result is the same with any number.")
    var count = ProcessInfo.processInfo.activeProcessorCount

    func validate() throws {
        guard count >= 1 else { throw ValidationError("--threads is \(count), but must be at least 1") }
    }
}

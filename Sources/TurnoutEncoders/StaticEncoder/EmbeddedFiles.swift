import CTurnoutDefaults
import TurnoutCore

/// The files that are part of the binary.
package enum EmbeddedFiles {
    /// The router that is used where none is named; its bytes are read where they lie.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` when the binary was built without one.
    /// - Complexity: O(header)
    package static func defaultRouter() throws -> SafetensorsFile {
        try file(turnout_embedded_default_router(), name: "the embedded default-router.safetensors")
    }

    /// The classifier that tells tasks apart; its bytes are read where they lie.
    ///
    /// - Throws: `TurnoutError` with code `.damagedFile` when the binary was built without one.
    /// - Complexity: O(header)
    package static func taskClassifier() throws -> SafetensorsFile {
        try file(turnout_embedded_task_classifier(), name: "the embedded task-classifier.safetensors")
    }

    static func file(_ embedded: turnout_embedded_file, name: String) throws -> SafetensorsFile {
        guard embedded.length > 0 else {
            throw TurnoutError(
                .damagedFile, "\(name) was empty when this binary was built; put the file in place and build again")
        }
        return try SafetensorsFile(
            staticBytes: UnsafeRawBufferPointer(start: embedded.start, count: embedded.length), name: name)
    }
}

import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutEncoders
import TurnoutHub

/// Which encoder turns texts into vectors, and whether a transformer's vectors are kept.
struct EncoderOptions: ParsableArguments {
    @Option(
        help: """
            Encoder: 'static', a table that 'turnout distill' has made (.safetensors), the folder of a model, or a model \
            that 'turnout models pull' has fetched (org/name).
            """)
    var encoder = "static"

    @Option(
        help: ArgumentHelp(
            "Folder in which a transformer's vectors are kept, so that no text is encoded twice.",
            discussion: "By default turnout/embeddings in XDG_CACHE_HOME, or in ~/.cache."))
    var embeddingCache: String?

    @Flag(name: .customLong("no-embedding-cache"), help: "Keeps no vectors, and reads none.")
    var skipsCache = false

    func validate() throws {
        guard embeddingCache == nil || !skipsCache else {
            throw ValidationError("--embedding-cache and --no-embedding-cache exclude each other; give one of them")
        }
    }

    /// The encoder, loaded.
    ///
    /// - Parameter options: How a transformer is loaded.
    /// - Returns: The encoder; a transformer looks in the cache first.
    /// - Throws: `TurnoutError` when there is none of this name or its files are not what they should be, or when
    ///   there can be no cache in the folder that was named.
    func load(_ options: TransformerEncoder.Options = .init()) throws -> any TextEncoder {
        let found = try EncoderLocator.ofProcess(options: options).encoder(named: encoder)
        // A table's look-up takes less time than the cache's.
        guard !skipsCache, !EncoderLocator.isTable(encoder) else { return found }
        if let embeddingCache {
            return CachingEncoder(found, cache: try EmbeddingCache(folder: embeddingCache, encoder: found))
        }
        let folder = EmbeddingCache.standardFolder(
            environment: ProcessInfo.processInfo.environment, home: NSHomeDirectory())
        do {
            return CachingEncoder(found, cache: try EmbeddingCache(folder: folder, encoder: found))
        } catch let error as TurnoutError {
            FileHandle.standardError.write(Data("turnout: vectors are not kept: \(error.message)\n".utf8))
            return found
        }
    }
}

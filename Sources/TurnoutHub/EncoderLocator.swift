import TurnoutCore
package import TurnoutEncoders
import TurnoutNumerics

/// Finds encoders by the names that options, configurations and artifacts use.
///
/// `static` is the table in the binary, and a name that ends in `.safetensors` the file of another table. A name that
/// begins with `.`, `/` or `~`, or that is a folder, is the path of a model. Anything else is the name of a model in the
/// hub's cache, `organisation/name`; nothing is downloaded.
package struct EncoderLocator: Sendable {
    private let cache: HubCache
    private let options: TransformerEncoder.Options

    /// Looks in a cache.
    ///
    /// - Parameters:
    ///   - cache: Where downloaded models are.
    ///   - options: How transformers are loaded.
    package init(cache: HubCache, options: TransformerEncoder.Options = .init()) {
        self.cache = cache
        self.options = options
    }

    /// Looks in the cache that the environment names.
    ///
    /// - Throws: `TurnoutError` when the environment's `HF_` variables contradict each other.
    package static func ofProcess(options: TransformerEncoder.Options = .init()) throws -> EncoderLocator {
        EncoderLocator(cache: HubCache(settings: try .ofProcess()), options: options)
    }

    /// The encoder of a name.
    ///
    /// - Throws: `TurnoutError`: `.invalidArgument` for a model that is not here, and as loading does.
    /// - Complexity: O(parameters)
    package func encoder(named name: String) throws -> any TextEncoder {
        if name == "static" { return try StaticEncoder.embedded() }
        if Self.isTable(name) {
            let file = try SafetensorsFile(contentsOf: ModelPath.expanded(name))
            return NamedEncoder(name: name, base: try StaticEncoder(file: file))
        }
        return NamedEncoder(name: name, base: try transformer(named: name))
    }

    /// The transformer of a name.
    ///
    /// - Throws: `TurnoutError`: `.invalidArgument` for a model that is not here, and as loading does.
    /// - Complexity: O(parameters)
    package func transformer(named name: String) throws -> TransformerEncoder {
        if Self.isPath(name) { return try TransformerEncoder(folder: ModelPath.expanded(name), options: options) }
        guard let folder = try cache.snapshot(of: name) else {
            throw TurnoutError(
                .invalidArgument,
                """
                there is no encoder '\(name)': it is no folder, and no model of this name was downloaded; \
                'turnout models pull \(name)' fetches it, and 'static' needs no download
                """)
        }
        return try TransformerEncoder(folder: folder, options: options)
    }

    /// Whether a name is that of a static encoder's table.
    package static func isTable(_ name: String) -> Bool { name == "static" || name.hasSuffix(".safetensors") }

    /// Whether a name is the path of a model, and not its name in the hub's cache.
    package static func isPath(_ name: String) -> Bool {
        if let first = name.first, "./~".contains(first) { return true }
        return ModelPath.isFolder(name)
    }
}

/// An encoder under the name by which it was asked for, so that an artifact can ask for it again.
///
/// The folder of a model in the hub's cache is called after a commit, which says little to people.
private struct NamedEncoder: TextEncoder {
    let name: String
    let base: any TextEncoder

    var fingerprint: String { base.fingerprint }
    var dimension: Int { base.dimension }
    func tokenCount(of text: String) -> TokenCount { base.tokenCount(of: text) }
    func encode(_ text: String) -> [Float] { base.encode(text) }
    func encode(_ texts: [String]) -> Matrix { base.encode(texts) }
}

import TurnoutCore
package import TurnoutEncoders
import TurnoutNumerics

/// Finds encoders by the names that options, configurations and artifacts use.
///
/// `static` is the table in the binary. A name that begins with `.`, `/` or `~`, or that is a folder, is the path of a
/// model. Anything else is the name of a model in the hub's cache, `organisation/name`; nothing is downloaded.
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
        if let path = Self.path(name) {
            return NamedEncoder(name: name, base: try TransformerEncoder(folder: path, options: options))
        }
        guard let folder = try cache.snapshot(of: name) else {
            throw TurnoutError(
                .invalidArgument,
                """
                there is no encoder '\(name)': it is no folder, and no model of this name was downloaded; \
                'turnout models pull \(name)' fetches it, and 'static' needs no download
                """)
        }
        return NamedEncoder(name: name, base: try TransformerEncoder(folder: folder, options: options))
    }

    private static func path(_ name: String) -> String? {
        if let first = name.first, "./~".contains(first) { return ModelPath.expanded(name) }
        return ModelPath.isFolder(name) ? name : nil
    }
}

/// An encoder under the name by which it was asked for, so that an artifact can ask for it again.
///
/// The folder of a model in the hub's cache is called after a commit, which says little to people.
private struct NamedEncoder: TextEncoder {
    let name: String
    let base: TransformerEncoder

    var fingerprint: String { base.fingerprint }
    var dimension: Int { base.dimension }
    func encode(_ text: String) -> [Float] { base.encode(text) }
    func encode(_ texts: [String]) -> Matrix { base.encode(texts) }
}

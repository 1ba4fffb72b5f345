import Foundation
package import TurnoutCore

/// Where the hub is, where its cache lies and who asks, as the environment has it.
///
/// The variables are those of Python's `huggingface_hub`, with the same precedence, so that both share one cache.
/// A variable that is set but empty counts as not set.
package struct HubSettings: Sendable {
    /// The hub's address without a trailing slash.
    ///
    /// `HF_ENDPOINT`. Default: `https://huggingface.co`.
    package var endpoint: String
    /// The cache's folder, absolute.
    ///
    /// `HF_HUB_CACHE`, else `HUGGINGFACE_HUB_CACHE`, else `hub` in `HF_HOME`. Default: `~/.cache/huggingface/hub`.
    package var cacheFolder: String
    /// Whom the hub is asked as: `HF_TOKEN`, else `HUGGING_FACE_HUB_TOKEN`, else the file that `hf auth login` writes.
    package var token: Secret?
    /// Whether no request may be made: `HF_HUB_OFFLINE` or `TRANSFORMERS_OFFLINE` is 1, on, yes or true.
    package var isOffline: Bool
    /// How long the hub may be silent before a request counts as failed.
    ///
    /// `HF_HUB_DOWNLOAD_TIMEOUT`, in seconds. Default: 10.
    package var silence: Duration
    /// The proxy on the way to the hub: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`.
    ///
    /// Default: none.
    package var proxy: HubProxy?

    /// Reads the settings from an environment.
    ///
    /// - Parameters:
    ///   - environment: Variables by name.
    ///   - currentFolder: What relative paths are relative to.
    ///   - readFile: The text of a file, `nil` when there is none; asked for the token file only.
    /// - Throws: ``TurnoutError`` with code `.invalidConfiguration` when `HF_ENDPOINT` is not an address.
    package init(
        environment: [String: String], currentFolder: String, readFile: (_ path: String) -> String?
    ) throws {
        let paths = PathExpansion(environment: environment, currentFolder: currentFolder)
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let caches = value("XDG_CACHE_HOME") ?? "\(paths.home)/.cache"
        let home = paths.absolute(value("HF_HOME") ?? "\(caches)/huggingface")
        cacheFolder = paths.absolute(value("HF_HUB_CACHE") ?? value("HUGGINGFACE_HUB_CACHE") ?? "\(home)/hub")
        isOffline = Self.isTrue(value("HF_HUB_OFFLINE") ?? value("TRANSFORMERS_OFFLINE"))
        silence = .seconds(value("HF_HUB_DOWNLOAD_TIMEOUT").flatMap(Int.init).flatMap { $0 > 0 ? $0 : nil } ?? 10)
        endpoint = try Self.endpoint(value("HF_ENDPOINT") ?? "https://huggingface.co")
        proxy = URL(string: endpoint).flatMap { HubProxy(for: $0, environment: environment) }
        if !Self.isTrue(value("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
            token =
                value("HF_TOKEN").flatMap(Self.token) ?? value("HUGGING_FACE_HUB_TOKEN").flatMap(Self.token)
                ?? readFile(paths.absolute(value("HF_TOKEN_PATH") ?? "\(home)/token")).flatMap(Self.token)
        }
    }

    /// Reads the settings of this process.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidConfiguration` when `HF_ENDPOINT` is not an address.
    package static func ofProcess() throws -> HubSettings {
        try HubSettings(
            environment: ProcessInfo.processInfo.environment, currentFolder: FileManager.default.currentDirectoryPath,
            readFile: { try? String(contentsOfFile: $0, encoding: .utf8) })
    }

    private static func isTrue(_ value: String?) -> Bool {
        ["1", "ON", "YES", "TRUE"].contains(value?.uppercased())
    }

    /// A token as it stands in the environment or in a file.
    ///
    /// Line breaks and surrounding blanks go, as in Python; what is left must be printable ASCII, since it becomes a
    /// header. Otherwise, and when nothing is left, there is no token.
    static func token(_ text: String) -> Secret? {
        var value = text
        value.removeAll { $0.isNewline }
        while value.first?.isWhitespace == true { value.removeFirst() }
        while value.last?.isWhitespace == true { value.removeLast() }
        guard !value.isEmpty, value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        return Secret(value)
    }

    private static func endpoint(_ text: String) throws -> String {
        var trimmed = text[...]
        while trimmed.last == "/" { trimmed.removeLast() }
        guard let url = URL(string: String(trimmed)), Origin(url) != nil, url.query == nil, url.user == nil else {
            throw TurnoutError(
                .invalidConfiguration,
                "HF_ENDPOINT is not an address; expected one like https://huggingface.co, without a query or a password"
            )
        }
        return String(trimmed)
    }
}

/// Expands `~` and `$NAME` as a shell would.
struct PathExpansion {
    let environment: [String: String]
    let currentFolder: String

    var home: String { environment["HOME"] ?? NSHomeDirectory() }

    /// The absolute path meant by a variable's value; unknown names stay as they are written.
    func absolute(_ path: String) -> String {
        var path = path
        if path == "~" || path.hasPrefix("~/") { path = home + path.dropFirst() }
        path = path.replacing(/\$(?:\{([^}]+)\}|([A-Za-z0-9_]+))/) { match in
            (match.1 ?? match.2).flatMap { environment[String($0)] } ?? String(match.0)
        }
        let absolute = path.hasPrefix("/") ? path : "\(currentFolder)/\(path)"
        return URL(filePath: absolute).standardizedFileURL.path(percentEncoded: false).trimmingTrailingSlash
    }
}

extension String {
    /// The path without a slash at its end, the root excepted.
    fileprivate var trimmingTrailingSlash: String { count > 1 && hasSuffix("/") ? String(dropLast()) : self }
}

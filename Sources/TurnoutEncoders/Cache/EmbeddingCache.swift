import Crypto
import Synchronization
import TurnoutCore

/// Vectors of texts on disk, so that no text is encoded twice by the same encoder.
///
/// One file for each encoder, called after its fingerprint; vectors are found by the SHA-256 of the text, which is not
/// stored itself. Any number of threads and processes may use a folder at once. The cache can only save time: a vector
/// that is not whole, of another encoder, or cannot be read counts as absent, and what cannot be written is left out.
/// Memory is an index of some 40 bytes for each vector.
///
/// `docs/formats.md` has the layout.
public final class EmbeddingCache: Sendable {
    /// What a text is found by: its SHA-256.
    struct Key: Sendable {
        let digest: [UInt8]

        init(_ text: String) {
            var text = text
            digest = text.withUTF8 { bytes in
                var hash = SHA256()
                hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
                return Array(hash.finalize())
            }
        }
    }

    /// The first half of a digest; the whole is compared when a record is read.
    private struct ShortKey: Hashable {
        let low: UInt64
        let high: UInt64

        init(_ digest: some Collection<UInt8>) {
            low = digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
            high = digest.dropFirst(8).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    private struct State {
        /// The number of the newest record of a text.
        var index: [ShortKey: Int] = [:]
        /// Records that another process kept from being written.
        var waiting: [EmbeddingRecord] = []
        /// Whether writing has failed; then nothing more is written.
        var hasFailed = false
    }

    /// Records that wait at most; a busy file loses what is beyond.
    private static let mostWaiting = 8192

    private let file: EmbeddingCacheFile
    private let state: Mutex<State>

    /// Opens the cache of an encoder, and makes folder and file where they are missing.
    ///
    /// - Parameters:
    ///   - folder: Where the files are; one folder can serve all encoders.
    ///   - encoder: Whose vectors are stored.
    ///   - capacity: The size in bytes at which a file is emptied and begun anew.
    /// - Throws: ``TurnoutError`` with code `.io` when folder or file cannot be made or read.
    /// - Complexity: O(stored vectors)
    public init(folder: String, encoder: any TextEncoder, capacity: Int = 4 << 30) throws {
        file = try EmbeddingCacheFile(
            folder: folder, fingerprint: encoder.fingerprint, dimension: encoder.dimension, capacity: capacity)
        var state = State()
        file.forEachDigest { number, digest in state.index[ShortKey(digest)] = number }
        self.state = Mutex(state)
    }

    deinit { state.withLock { write(&$0) } }

    /// Where the cache is where nobody says otherwise: `turnout/embeddings` in `XDG_CACHE_HOME`, else in `~/.cache`.
    ///
    /// - Parameters:
    ///   - environment: The process's variables.
    ///   - home: The user's folder.
    /// - Returns: The folder's path. A relative `XDG_CACHE_HOME` is passed over, as its specification says.
    public static func standardFolder(environment: [String: String], home: String) -> String {
        let caches = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return "\(caches ?? "\(home)/.cache")/turnout/embeddings"
    }

    /// Copies the vector of a text to `out`; `false` when it is not there.
    func read(_ key: Key, into out: UnsafeMutableBufferPointer<Float>) -> Bool {
        guard let number = state.withLock({ $0.index[ShortKey(key.digest)] }) else { return false }
        return file.read(number, digest: key.digest, into: out)
    }

    /// Keeps vectors.
    func store(_ records: [EmbeddingRecord]) {
        state.withLock { state in
            state.waiting += records.prefix(max(Self.mostWaiting - state.waiting.count, 0))
            write(&state)
        }
    }

    private func write(_ state: inout State) {
        guard !state.waiting.isEmpty, !state.hasFailed else { return }
        switch file.append(state.waiting) {
        case .written(let first, let isEmptied):
            if isEmptied { state.index = [:] }
            for (offset, record) in state.waiting.enumerated() {
                state.index[ShortKey(record.digest)] = first + offset
            }
            state.waiting = []
        case .busy: break
        case .failed:
            state.hasFailed = true
            state.waiting = []
        }
    }
}

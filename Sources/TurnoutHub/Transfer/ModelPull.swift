import AsyncHTTPClient
import Foundation
import TurnoutCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Downloads a model into the cache.
///
/// Nothing becomes visible before all of it is there: contents come first, then the links of the snapshot, last the
/// reference of the branch or tag. Broken off, it goes on where it was. Several at once, in one process or in many,
/// Python's among them, share the work and do not disturb each other.
package struct ModelPull: Sendable {
    /// What a download did.
    package struct Report: Sendable, Equatable {
        /// A file of the snapshot.
        package struct File: Sendable, Equatable {
            /// Its path in the model.
            package let path: String
            /// Its size.
            package let bytes: Int64
            /// How many bytes were sent for it this time.
            package let downloadedBytes: Int64
            /// Whether its name is a checksum, against which the content was checked when it came.
            package let isVerified: Bool
        }

        /// The commit.
        package let commit: String
        /// The folder in which everything is.
        package let folder: String
        /// The files, by path; empty when the network was not asked.
        package let files: [File]
        /// Whether the answer comes from the cache alone, because the settings say offline.
        package let isOffline: Bool

        /// How many bytes the files have.
        package var bytes: Int64 { files.map(\.bytes).reduce(0, +) }
        /// How many bytes were sent this time.
        package var downloadedBytes: Int64 { files.map(\.downloadedBytes).reduce(0, +) }
    }

    private let settings: HubSettings
    private let cache: HubCache
    private let parallelFiles: Int
    private let environment: TransferEnvironment

    /// - Parameters:
    ///   - settings: Where the hub and the cache are.
    ///   - parallelFiles: How many files at once. Default: 4.
    ///   - environment: Clock, dice and disk.
    package init(
        settings: HubSettings, parallelFiles: Int = 4, environment: TransferEnvironment = TransferEnvironment()
    ) {
        self.settings = settings
        self.cache = HubCache(settings: settings)
        self.parallelFiles = parallelFiles
        self.environment = environment
    }

    /// Downloads what is missing of a model.
    ///
    /// - Parameters:
    ///   - id: The model.
    ///   - revision: The branch, tag or commit. Default: `main`.
    ///   - selection: Which files. Default: what an encoder needs.
    ///   - report: Called for every event, from any thread.
    /// - Returns: Where the files are and what was done.
    /// - Throws: ``TurnoutError`` with code `.invalidData` when the model, revision or file does not exist,
    ///   `.unsupported` when it has no weights that can be read, `.io` for the network and the disk; `CancellationError`.
    package func run(
        _ id: RepositoryID, revision: Revision = .main, selection: FileSelection = FileSelection(),
        report: @escaping @Sendable (PullEvent) -> Void = { _ in }
    ) async throws -> Report {
        if settings.isOffline { return try cached(id, revision) }
        let http = try HubClient.makeHTTP(settings)
        let result: Result<Report, any Error>
        do {
            let client = HubClient(http: http, settings: settings, id: id)
            result = .success(try await pull(id, revision, selection, client, report))
        } catch let failure as HubFailure {
            result = .failure(failure.error)
        } catch {
            result = .failure(error)
        }
        try? await http.shutdown()
        return try result.get()
    }

    private func cached(_ id: RepositoryID, _ revision: Revision) throws -> Report {
        guard let commit = cache.commit(of: revision, in: id), let folder = cache.snapshot(commit: commit, of: id)
        else {
            throw TurnoutError(
                .io,
                "\(id) at revision '\(revision)' is not in the cache at \(cache.folder), and HF_HUB_OFFLINE forbids to "
                    + "ask the hub; unset it (and TRANSFORMERS_OFFLINE) to download")
        }
        return Report(commit: commit, folder: folder, files: [], isOffline: true)
    }

    private func pull(
        _ id: RepositoryID, _ revision: Revision, _ selection: FileSelection, _ client: HubClient,
        _ report: @escaping @Sendable (PullEvent) -> Void
    ) async throws -> Report {
        let retrying = Retrying(environment: environment, what: id.name, report: report)
        let listing = try await retrying.run { try await client.listing(of: revision) }
        let wanted = try choose(from: listing.paths, selection, id)
        let layout = cache.layout
        try prepare(id)
        let pullLock = try await FileLock.acquire(layout.pullLock(id), shared: true, clock: environment.clock)
        defer { withExtendedLifetime(pullLock) {} }

        let sizes = wanted.map { FileSize.of(layout.pointer($0, commit: listing.commit, of: id)) }
        let missing = zip(wanted, sizes).filter { $0.1 == nil }.map(\.0)
        let metadata = try await missing.concurrentMap(atMost: parallelFiles) { path in
            try await retrying.run { try await client.metadata(of: path, commit: listing.commit) }
        }
        let there = sizes.compactMap(\.self).reduce(0, +)
        report(.planned(files: wanted.count, bytes: there + metadata.compactMap(\.size).reduce(0, +)))
        report(.moved(bytes: there, fromNetwork: false))
        try checkSpace(for: metadata, id)

        let download = BlobDownload(
            client: client, layout: layout, id: id, commit: listing.commit, environment: environment, report: report)
        let outcomes = try await metadata.concurrentMap(atMost: parallelFiles) { try await download.run($0) }
        for (path, outcome) in zip(missing, outcomes) { try link(path, outcome.blob, listing.commit, id) }
        try refer(revision, to: listing.commit, id)

        let fetched = Dictionary(uniqueKeysWithValues: zip(missing, outcomes))
        let files = zip(wanted, sizes).map { path, size in
            let outcome = fetched[path]
            return Report.File(
                path: path.text, bytes: outcome?.bytes ?? size ?? 0, downloadedBytes: outcome?.downloadedBytes ?? 0,
                isVerified: outcome?.blob.checksum != .unknown)
        }
        return Report(
            commit: listing.commit, folder: layout.snapshot(listing.commit, of: id), files: files, isOffline: false)
    }

    private func choose(from paths: [RemotePath], _ selection: FileSelection, _ id: RepositoryID) throws -> [RemotePath]
    {
        let wanted = paths.filter(selection.wants)
        guard !wanted.isEmpty else {
            throw TurnoutError(
                .invalidData,
                "no file of \(id) matches; it has \(paths.count) files, see \(settings.endpoint)/\(id)/tree/main")
        }
        guard !selection.isForEncoder || wanted.contains(where: { $0.text.hasSuffix(".safetensors") }) else {
            throw TurnoutError(
                .unsupported,
                "\(id) has no weights in safetensors, the only kind that turnout reads. Choose a model or revision that has "
                    + "them (often --revision refs/pr/1), or name the files you want with --include")
        }
        return wanted
    }

    private func prepare(_ id: RepositoryID) throws {
        let layout = cache.layout
        for folder in [layout.blobs(id), layout.snapshots(id), layout.refs(id), layout.locks(id)] {
            try CacheFolder.make(folder)
        }
        // Backup tools pass over folders with this file: the Cache Directory Tagging Standard.
        let tag = "\(cache.folder)/CACHEDIR.TAG"
        if !FileManager.default.fileExists(atPath: tag) {
            try? CacheFolder.write("Signature: 8a477f597d28d172789f06886806bc55\n", to: tag)
        }
    }

    private func checkSpace(for files: [HubClient.Metadata], _ id: RepositoryID) throws {
        let layout = cache.layout
        let sizes = Dictionary(files.map { ($0.blob, $0.size ?? 0) }, uniquingKeysWith: { first, _ in first })
        let needed = sizes.map { blob, size in
            if FileSize.of(layout.blob(blob, of: id)) != nil { return 0 }
            return max(0, size - (FileSize.of(layout.incomplete(blob, of: id)) ?? 0))
        }.reduce(0, +)
        guard let free = environment.freeBytes(cache.folder), free < needed else { return }
        throw TurnoutError(
            .io,
            "\(id) needs \(ByteCount.text(needed)), and the disk of \(cache.folder) has only \(ByteCount.text(free)) left. "
                + "Free some space ('turnout models list' shows what the models take), or set HF_HUB_CACHE to a folder on "
                + "another disk")
    }

    private func link(_ path: RemotePath, _ blob: BlobName, _ commit: String, _ id: RepositoryID) throws {
        let pointer = cache.layout.pointer(path, commit: commit, of: id)
        try CacheFolder.make(String(pointer.dropLast(path.segments.last?.count ?? 0)))
        try CacheFolder.link(pointer, to: CacheLayout.linkTarget(of: path, blob: blob))
    }

    private func refer(_ revision: Revision, to commit: String, _ id: RepositoryID) throws {
        guard revision.name != commit, cache.commit(of: revision, in: id) != commit else { return }
        let path = cache.layout.ref(revision, of: id)
        try CacheFolder.make(String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex)))
        try CacheFolder.write(commit, to: path)
    }
}

/// Sizes of files.
enum FileSize {
    /// The size of a regular file, links followed; `nil` when there is none.
    static func of(_ path: String) -> Int64? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(status.st_size)
    }
}

import Foundation

extension HubCache {
    /// Lists the models in the cache, by name.
    ///
    /// What is damaged is listed as far as it can be read; folders of other things, data sets among them, are passed over.
    ///
    /// - Throws: ``TurnoutError`` with code `.io` when the folder exists but cannot be read.
    package func models() throws -> [CachedModel] {
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
                .compactMap(RepositoryID.init(folderName:)).sorted { $0.name < $1.name }.map(model)
        } catch {
            throw CacheFolder.refusal(error, "read", folder)
        }
    }

    /// What the cache has of one model.
    func model(_ id: RepositoryID) -> CachedModel {
        let references = references(of: id)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: layout.snapshots(id))) ?? []
        let contents = names.filter { !$0.hasPrefix(".") }.map {
            (commit: $0, files: files(in: layout.snapshot($0, of: id)))
        }
        let snapshots = contents.map { commit, files in
            CachedModel.Snapshot(
                commit: commit, references: references[commit] ?? [], folder: layout.snapshot(commit, of: id),
                files: files.count, bytes: Self.bytes(files), lastUsed: files.map(\.lastUsed).max())
        }.sorted { ($0.lastUsed ?? .distantPast, $0.commit) > ($1.lastUsed ?? .distantPast, $1.commit) }
        let linked = contents.flatMap(\.files)
        let known = Set(linked.map(\.content))
        let loose = files(in: layout.blobs(id)).filter { !known.contains($0.content) }
        return CachedModel(
            id: id, snapshots: snapshots, bytes: Self.bytes(linked) + Self.bytes(loose), looseBytes: Self.bytes(loose))
    }

    /// The branches and tags by commit.
    func references(of id: RepositoryID) -> [String: [String]] {
        let root = layout.refs(id)
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: root)) ?? []
        var found: [String: [String]] = [:]
        for path in paths.sorted() {
            guard let revision = try? Revision(path), let commit = commit(of: revision, in: id) else { continue }
            found[commit, default: []].append(path)
        }
        return found
    }

    /// A file of a snapshot, or of the folder of contents.
    struct CachedFile {
        /// Its path inside the folder.
        let path: String
        /// Where its bytes are, links followed.
        let content: String
        let bytes: Int64
        let lastUsed: Date
    }

    /// The files in a folder and those below it, links followed; broken links are passed over.
    func files(in folder: String) -> [CachedFile] {
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
        return paths.sorted().compactMap { path in
            guard let real = realpath("\(folder)/\(path)", nil) else { return nil }
            defer { free(real) }
            var status = stat()
            guard stat(real, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            #if canImport(Darwin)
            let accessed = status.st_atimespec
            #else
            let accessed = status.st_atim
            #endif
            return CachedFile(
                path: path, content: String(cString: real), bytes: Int64(status.st_size),
                lastUsed: Date(timeIntervalSince1970: Double(accessed.tv_sec) + Double(accessed.tv_nsec) / 1e9))
        }
    }

    private static func bytes(_ files: [CachedFile]) -> Int64 {
        Dictionary(files.map { ($0.content, $0.bytes) }, uniquingKeysWith: { first, _ in first }).values.reduce(0, +)
    }
}

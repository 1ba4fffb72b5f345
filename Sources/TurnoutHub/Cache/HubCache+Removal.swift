import Foundation
import TurnoutCore

/// What a removal did.
package struct RemovalReport: Sendable, Equatable {
    /// The commits that are gone.
    package var commits: [String] = []
    /// How many bytes the disk got back.
    package var freedBytes: Int64 = 0
    /// How many bytes stay, because they lie in the store that Python's library shares between models.
    package var sharedBytes: Int64 = 0
}

extension HubCache {
    /// Removes a model, or one revision of it, from the cache.
    ///
    /// Contents that other revisions of the model need stay. References go first, so that no one finds half a model
    /// when this is interrupted.
    ///
    /// - Parameters:
    ///   - id: The model's name.
    ///   - revision: Only this branch, tag or commit. Default: everything.
    /// - Returns: What was removed; `nil` when it was not there.
    /// - Throws: ``TurnoutError`` with code `.io` while someone is downloading it, or when the system refuses.
    package func remove(_ id: RepositoryID, revision: Revision? = nil) throws -> RemovalReport? {
        let root = layout.repository(id)
        var status = stat()
        guard lstat(root, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw TurnoutError(.io, "\(root) is not a folder of the cache but a link or a file; it was left alone")
        }
        let locks = try lockAll(of: id)
        defer { locks.release() }
        guard let revision else {
            let report = try removeAll(of: id)
            try? FileManager.default.removeItem(atPath: layout.locks(id))
            return report
        }
        guard let commit = commit(of: revision, in: id),
            FileManager.default.fileExists(atPath: layout.snapshot(commit, of: id))
        else { return nil }
        return try remove(commit: commit, of: id)
    }

    private func removeAll(of id: RepositoryID) throws -> RemovalReport {
        var report = RemovalReport(commits: model(id).snapshots.map(\.commit))
        let blobs = files(in: layout.blobs(id))
        let inside = resolved(layout.repository(id)) + "/"
        let real = files(in: layout.snapshots(id)) + blobs
        for (content, bytes) in Dictionary(real.map { ($0.content, $0.bytes) }, uniquingKeysWith: { first, _ in first })
        {
            if content.hasPrefix(inside) { report.freedBytes += bytes } else { report.sharedBytes += bytes }
        }
        for path in [layout.refs(id), layout.snapshots(id), layout.repository(id)] { try delete(path) }
        return report
    }

    private func remove(commit: String, of id: RepositoryID) throws -> RemovalReport {
        let kept = model(id).snapshots.map(\.commit).filter { $0 != commit }
        let needed = Set(kept.flatMap { files(in: layout.snapshot($0, of: id)) }.map(\.content))
        let doomed = files(in: layout.snapshot(commit, of: id))
        // By the name in the folder of contents: such a name may itself be a link into a store shared between models.
        let blobs = files(in: layout.blobs(id))
        let inside = resolved(layout.repository(id)) + "/"
        var report = RemovalReport(commits: [commit])
        for reference in references(of: id)[commit] ?? [] { try delete("\(layout.refs(id))/\(reference)") }
        try delete(layout.snapshot(commit, of: id))
        for content in Set(doomed.map(\.content)).subtracting(needed) {
            let bytes = doomed.first { $0.content == content }?.bytes ?? 0
            if content.hasPrefix(inside) { report.freedBytes += bytes } else { report.sharedBytes += bytes }
            for blob in blobs where blob.content == content { try delete("\(layout.blobs(id))/\(blob.path)") }
        }
        return report
    }

    /// Deletes a file, a link (not what it leads to) or a folder; nothing there is as good.
    private func delete(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw CacheFolder.refusal(error, "remove", path)
        }
    }

    private func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// Takes every lock that a download of the model may hold.
    private func lockAll(of id: RepositoryID) throws -> HeldLocks {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: layout.locks(id))) ?? []
        let held = HeldLocks()
        for name in names.sorted() where name.hasSuffix(".lock") {
            guard let lock = try FileLock.tryAcquire("\(layout.locks(id))/\(name)") else {
                held.release()
                throw TurnoutError(
                    .io, "\(id) is being downloaded by another process; wait for it or stop it, then try again")
            }
            held.add(lock)
        }
        return held
    }
}

/// Locks held together and let go together.
private final class HeldLocks {
    private final class Box {
        let lock: FileLock
        init(_ lock: consuming FileLock) { self.lock = lock }
    }
    private var boxes: [Box] = []

    func add(_ lock: consuming FileLock) { boxes.append(Box(lock)) }
    func release() { boxes = [] }
}

/// Where things lie in a cache that is shared with Python's `huggingface_hub`: paths in, paths out.
///
/// ```
/// models--organisation--name/
///   blobs/<etag>                            contents, each once
///   blobs/<etag>.incomplete                 a download that was broken off
///   snapshots/<commit>/<path>               links to ../../blobs/<etag>
///   refs/<branch or tag>                    the commit it means
/// .locks/models--organisation--name/<etag>.lock
/// ```
struct CacheLayout: Hashable, Sendable {
    let root: String

    func repository(_ id: RepositoryID) -> String { "\(root)/\(id.folderName)" }
    func blobs(_ id: RepositoryID) -> String { "\(repository(id))/blobs" }
    func snapshots(_ id: RepositoryID) -> String { "\(repository(id))/snapshots" }
    func refs(_ id: RepositoryID) -> String { "\(repository(id))/refs" }
    func locks(_ id: RepositoryID) -> String { "\(root)/.locks/\(id.folderName)" }

    func blob(_ name: BlobName, of id: RepositoryID) -> String { "\(blobs(id))/\(name)" }
    func incomplete(_ name: BlobName, of id: RepositoryID) -> String { "\(blobs(id))/\(name).incomplete" }
    func lock(_ name: BlobName, of id: RepositoryID) -> String { "\(locks(id))/\(name).lock" }
    func snapshot(_ commit: String, of id: RepositoryID) -> String { "\(snapshots(id))/\(commit)" }
    func ref(_ revision: Revision, of id: RepositoryID) -> String { "\(refs(id))/\(revision)" }

    /// Shared by those who download the model, so that no one removes it meanwhile.
    func pullLock(_ id: RepositoryID) -> String { "\(locks(id))/pull.lock" }

    func pointer(_ path: RemotePath, commit: String, of id: RepositoryID) -> String {
        "\(snapshot(commit, of: id))/\(path)"
    }

    /// What a link in a snapshot says: relative, so that the cache can be moved as a whole.
    static func linkTarget(of path: RemotePath, blob: BlobName) -> String {
        String(repeating: "../", count: path.segments.count + 1) + "blobs/\(blob)"
    }
}

package import Foundation

/// A model in the cache.
package struct CachedModel: Sendable, Equatable {
    /// One commit of it.
    package struct Snapshot: Sendable, Equatable {
        /// The commit.
        package let commit: String
        /// The branches and tags that mean it, in order.
        package let references: [String]
        /// The folder.
        package let folder: String
        /// How many files it has.
        package let files: Int
        /// How many bytes they have together, each content once.
        package let bytes: Int64
        /// When a file of it was last read, as far as the file system notes that; `nil` when it has none.
        package let lastUsed: Date?
    }

    /// Its name.
    package let id: RepositoryID
    /// Its commits, the last used first.
    package let snapshots: [Snapshot]
    /// How many bytes it takes on the disk, downloads that were broken off included.
    package let bytes: Int64
    /// How many of them belong to downloads that were broken off, or to files that no commit here has.
    package let looseBytes: Int64
    /// When a file of it was last read.
    package var lastUsed: Date? { snapshots.compactMap(\.lastUsed).max() }
}

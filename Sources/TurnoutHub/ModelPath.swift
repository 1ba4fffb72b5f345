import Foundation

/// Paths of model folders as people write them.
enum ModelPath {
    /// The path with a leading `~` replaced by the home folder.
    static func expanded(_ path: String) -> String { (path as NSString).expandingTildeInPath }

    /// Whether there is a folder at a path.
    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}

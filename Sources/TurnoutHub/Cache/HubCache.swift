import Foundation
import TurnoutCore

/// The models on this machine, in the cache that is shared with Python's `huggingface_hub`.
///
/// Never asks the network.
package struct HubCache: Sendable {
    let layout: CacheLayout

    /// The cache's folder.
    package var folder: String { layout.root }

    /// Uses the cache in a folder; it need not exist.
    package init(folder: String) { layout = CacheLayout(root: folder) }

    /// Uses the cache that the settings name.
    package init(settings: HubSettings) { self.init(folder: settings.cacheFolder) }

    /// Finds a model's files.
    ///
    /// A model that ``ModelPull`` is still downloading is not found: its reference is written last.
    ///
    /// - Parameters:
    ///   - id: The model's name, `organisation/name`.
    ///   - revision: A branch, tag or commit. Default: `main`.
    /// - Returns: The absolute path of a folder in the ordinary Hugging Face layout; `nil` when it is not in the cache.
    /// - Throws: ``TurnoutError`` with code `.invalidArgument` when the name or the revision cannot be one.
    package func snapshot(of id: String, revision: String = "main") throws -> String? {
        let (id, revision) = (try RepositoryID(id), try Revision(revision))
        return commit(of: revision, in: id).flatMap { snapshot(commit: $0, of: id) }
    }

    /// The folder of a commit that is in the cache and has at least one file.
    func snapshot(commit: String, of id: RepositoryID) -> String? {
        let folder = layout.snapshot(commit, of: id)
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
        return names?.isEmpty == false ? folder : nil
    }

    /// The commit that a revision means, as far as the cache knows.
    func commit(of revision: Revision, in id: RepositoryID) -> String? {
        if revision.isCommit { return revision.name }
        let text = try? String(contentsOfFile: layout.ref(revision, of: id), encoding: .utf8)
        let commit = text?.trimmingCharacters(in: .whitespacesAndNewlines)
        return commit.flatMap { SafePath.isSafe($0) && !$0.contains("/") ? $0 : nil }
    }
}

/// Making folders and links, with the operating system's refusals as sentences.
enum CacheFolder {
    /// Makes a folder and those above it.
    ///
    /// - Throws: ``TurnoutError`` with code `.io`.
    static func make(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw refusal(error, "make the folder", path)
        }
    }

    /// Puts a link in place, over whatever was there, so that no reader ever finds nothing.
    ///
    /// - Throws: ``TurnoutError`` with code `.io`.
    static func link(_ path: String, to target: String) throws {
        let aside = "\(path).\(UUID().uuidString).link"
        do {
            try FileManager.default.createSymbolicLink(atPath: aside, withDestinationPath: target)
        } catch {
            throw refusal(error, "make the link", path)
        }
        try moveIntoPlace(aside, path)
    }

    /// Writes a small file aside and moves it into place.
    ///
    /// - Throws: ``TurnoutError`` with code `.io`.
    static func write(_ text: String, to path: String) throws {
        let aside = "\(path).\(UUID().uuidString).tmp"
        do {
            try Data(text.utf8).write(to: URL(filePath: aside))
        } catch {
            throw refusal(error, "write", path)
        }
        try moveIntoPlace(aside, path)
    }

    /// The system's number for a failure that Foundation reports.
    static func refusal(_ error: any Error, _ action: String, _ path: String) -> TurnoutError {
        var current: NSError? = error as NSError
        while let failure = current {
            if failure.domain == NSPOSIXErrorDomain { return SystemFailure.error(Int32(failure.code), action, path) }
            current = failure.userInfo[NSUnderlyingErrorKey] as? NSError
        }
        return TurnoutError(.io, "cannot \(action) \(path): \(error.localizedDescription)", cause: error)
    }

    private static func moveIntoPlace(_ aside: String, _ path: String) throws {
        if rename(aside, path) != 0 {
            let refusal = SystemFailure.last("write", path)
            try? FileManager.default.removeItem(atPath: aside)
            throw refusal
        }
    }
}

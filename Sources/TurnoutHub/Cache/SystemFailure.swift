import TurnoutCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// What the operating system's refusals mean to a person.
enum SystemFailure {
    /// The error of the last failed system call, as a sentence with what to do.
    ///
    /// - Parameters:
    ///   - action: What was tried, as in "write".
    ///   - path: With what.
    /// - Returns: The sentence.
    static func last(_ action: String, _ path: String) -> TurnoutError { error(errno, action, path) }

    static func error(_ code: Int32, _ action: String, _ path: String) -> TurnoutError {
        let remedy =
            switch code {
            case ENOSPC, EDQUOT:
                "the disk is full. Free some space ('turnout models list' shows what the models take), or set HF_HUB_CACHE "
                    + "to a folder on another disk; what was downloaded so far is kept"
            case EACCES, EPERM: "no permission. Give yourself access to it, or set HF_HUB_CACHE to a folder of your own"
            case EROFS: "the disk is read-only. Set HF_HUB_CACHE to a folder that can be written to"
            case ENOTDIR: "a file is where a folder should be. Move it away, or set HF_HUB_CACHE to another folder"
            case ENAMETOOLONG: "the path is too long. Set HF_HUB_CACHE to a folder nearer to the root"
            case EMFILE, ENFILE: "too many files are open. Raise the limit with 'ulimit -n'"
            default: String(cString: strerror(code))
            }
        return TurnoutError(.io, "cannot \(action) \(path): \(remedy)")
    }
}

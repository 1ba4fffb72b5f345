/// What happens during a download, in order, for a display.
package enum PullEvent: Sendable, Equatable {
    /// The files are known, and how many bytes they have as far as the hub says; some of them may be there already.
    case planned(files: Int, bytes: Int64)
    /// Bytes came to be on the disk, or were found there; negative when they had to be thrown away.
    case moved(bytes: Int64, fromNetwork: Bool)
    /// A file is complete and checked.
    case finished(file: String)
    /// Someone else is downloading the same file.
    case waiting(file: String)
    /// A file, or a question about the model, will be tried again after a pause.
    case retrying(what: String, reason: String, pause: Duration)
}

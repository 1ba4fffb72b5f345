/// What to do with the head of a response to a request for the rest of a file.
enum RangeReply: Equatable {
    /// The body continues where the file ends.
    case append
    /// The body is the whole file.
    case restart
    /// The hub has no such rest: forget what there is and ask for the whole file.
    case discard
    /// The announced length cannot be right.
    case wrongLength(announced: Int64)

    /// Reads a successful response, or one with status 416.
    ///
    /// - Parameters:
    ///   - status: 200, 206 or 416.
    ///   - contentRange: The header `Content-Range`.
    ///   - contentLength: The header `Content-Length`.
    ///   - offset: How many bytes there are.
    ///   - size: How many there should be, where that is known.
    init(status: Int, contentRange: String?, contentLength: Int64?, offset: Int64, size: Int64?) {
        switch status {
        case 206:
            guard let range = contentRange.flatMap(Self.range), range.start == offset else {
                self = .discard
                return
            }
            if let total = range.total, let size, total != size {
                self = .wrongLength(announced: total)
            } else {
                self = .append
            }
        case 200:
            if let contentLength, let size, contentLength != size {
                self = .wrongLength(announced: contentLength)
            } else {
                self = .restart
            }
        default: self = .discard
        }
    }

    /// The start and, unless it is `*`, the total of `bytes 10-99/100`.
    private static func range(_ text: String) -> (start: Int64, total: Int64?)? {
        guard let match = text.wholeMatch(of: /bytes (\d+)-(\d+)\/(\d+|\*)/), let start = Int64(match.1) else {
            return nil
        }
        return (start, Int64(match.3))
    }
}

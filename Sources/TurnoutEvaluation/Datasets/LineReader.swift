import Foundation
import TurnoutCore

/// The lines of a file, one at a time, without their ends; a byte-order mark and carriage returns are taken off.
final class LineReader {
    /// The longest line that is accepted, in bytes.
    static let longestLine = 64 << 20

    let name: String
    /// The number of the line last returned, from 1.
    private(set) var number = 0
    private let stream: ByteStream
    private let longest: Int
    private var pending: [UInt8] = []
    private var cursor = 0
    private var ended = false

    init(path: String, longestLine: Int = LineReader.longestLine) throws {
        self.stream = try ByteStream(path: path)
        self.name = stream.name
        self.longest = longestLine
    }

    /// The next line, or `nil` after the last one.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidData` for damaged compression or a line over the limit.
    func next() throws -> Data? {
        var searched = cursor
        while true {
            if let end = newline(from: searched) {
                defer { cursor = end + 1 }
                return line(cursor..<end)
            }
            guard pending.count - cursor <= longest else {
                throw TurnoutError(
                    .invalidData,
                    """
                    \(name), line \(number + 1): longer than \(longest >> 20) MiB; if the file is one JSON array, write one \
                    object a line instead (jq -c '.[]')
                    """)
            }
            searched = pending.count - cursor
            pending.removeSubrange(..<cursor)
            cursor = 0
            if !ended { ended = try !stream.read { pending.append(contentsOf: $0) } }
            if ended, newline(from: searched) == nil {
                guard !pending.isEmpty else { return nil }
                defer { pending = [] }
                return line(0..<pending.count)
            }
        }
    }

    private func newline(from start: Int) -> Int? {
        pending.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress, start < bytes.count,
                let found = memchr(base + start, 0x0A, bytes.count - start)
            else { return nil }
            return UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
    }

    private func line(_ range: Range<Int>) -> Data {
        number += 1
        var range = range
        if number == 1, pending[range].starts(with: [0xEF, 0xBB, 0xBF]) {
            range = range.lowerBound + 3..<range.upperBound
        }
        if let last = pending[range].last, last == 0x0D { range = range.lowerBound..<range.upperBound - 1 }
        return Data(pending[range])
    }
}

import Foundation
import TurnoutCore

/// The records of a comma-separated file with a header, one at a time (RFC 4180).
///
/// A field in double quotes may hold commas, line ends and quotes written twice. Lines end in LF or CRLF; empty
/// lines between records are skipped.
final class CSVReader {
    let name: String
    /// The names in the first record.
    private(set) var header: [String] = []
    /// The line on which the record last returned begins, from 1.
    private(set) var number = 0
    private let stream: ByteStream
    private let longest: Int
    private var pending: [UInt8] = []
    private var cursor = 0
    private var line = 1
    private var ended = false

    /// Opens a file and reads its header.
    ///
    /// - Throws: ``TurnoutError`` with code `.io` or `.invalidData`.
    init(path: String, longestRecord: Int = LineReader.longestLine) throws {
        self.stream = try ByteStream(path: path)
        self.name = stream.name
        self.longest = longestRecord
        guard let header = try record() else {
            throw TurnoutError(.invalidData, "\(name): empty; a CSV file begins with a line of column names")
        }
        self.header = header.map { $0.trimmingCharacters(in: .whitespaces) }
        if let twice = Dictionary(grouping: self.header, by: { $0 }).first(where: { $0.value.count > 1 })?.key {
            throw TurnoutError(
                .invalidData, "\(name), line 1: column '\(twice)' stands twice in the header; rename one")
        }
    }

    /// The next record as column name -> text, or `nil` after the last one.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidData`; ``BadRow`` for a wrong number of fields, after which reading
    ///   may go on.
    func next() throws -> [String: String]? {
        guard let fields = try record() else { return nil }
        guard fields.count == header.count else {
            throw BadRow(
                reason: """
                    \(fields.count) fields, but the header names \(header.count) columns; put fields that hold commas or line \
                    ends in double quotes
                    """)
        }
        return Dictionary(zip(header, fields), uniquingKeysWith: { first, _ in first })
    }

    private func record() throws -> [String]? {
        while let first = try peek(), first == 0x0A || first == 0x0D { take() }
        guard try peek() != nil else { return nil }
        number = line
        var fields: [String] = []
        while true {
            fields.append(try field())
            guard let end = try peek() else { return fields }
            take()
            if end == 0x0A { return fields }
            if end == 0x0D {
                if try peek() == 0x0A { take() }
                return fields
            }
        }
    }

    /// One field, up to but without the comma or line end after it.
    private func field() throws -> String {
        var bytes: [UInt8] = []
        guard try peek() == 0x22 else {
            while let byte = try peek(), byte != 0x2C, byte != 0x0A, byte != 0x0D {
                take()
                try append(byte, to: &bytes)
            }
            return try text(bytes)
        }
        take()
        while true {
            guard let byte = try peek() else { throw bad("a double quote is opened and never closed") }
            take()
            if byte != 0x22 {
                try append(byte, to: &bytes)
            } else if try peek() == 0x22 {
                take()
                try append(0x22, to: &bytes)
            } else {
                break
            }
        }
        if let after = try peek(), after != 0x2C, after != 0x0A, after != 0x0D {
            throw bad("text follows a closing quote; write a quote inside a quoted field twice")
        }
        return try text(bytes)
    }

    private func append(_ byte: UInt8, to bytes: inout [UInt8]) throws {
        guard bytes.count < longest else {
            throw bad("a field is longer than \(longest >> 20) MiB; look for a quote that is not closed")
        }
        bytes.append(byte)
    }

    private func text(_ bytes: [UInt8]) throws -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw bad("not UTF-8; convert the file (iconv -t UTF-8)")
        }
        return text
    }

    private func bad(_ reason: String) -> TurnoutError {
        TurnoutError(.invalidData, "\(name), line \(number): \(reason)")
    }

    private func peek() throws -> UInt8? {
        if cursor < pending.count { return pending[cursor] }
        guard !ended else { return nil }
        let isFirst = line == 1 && cursor == 0
        pending.removeAll(keepingCapacity: true)
        cursor = 0
        ended = try !stream.read { pending.append(contentsOf: $0) }
        if isFirst, pending.starts(with: [0xEF, 0xBB, 0xBF]) { cursor = 3 }
        return cursor < pending.count ? pending[cursor] : nil
    }

    private func take() {
        if pending[cursor] == 0x0A { line += 1 }
        cursor += 1
    }
}

import Foundation
import Synchronization
import TurnoutCore

/// Sends large files to wherever the hub wants them: git LFS, whole or in parts.
struct LargeUpload: Sendable {
    let writer: HubWriter
    let retrying: Retrying
    let report: @Sendable (PullEvent) -> Void

    /// Sends what the hub does not have, one after the other.
    ///
    /// - Returns: How many bytes were sent.
    /// - Throws: ``HubFailure``, ``TurnoutError``, `CancellationError`.
    func run(_ files: [LocalFile]) async throws -> Int64 {
        var sent: Int64 = 0
        for file in files {
            let meter = Meter(report: report)
            do {
                sent += try await send(file, meter)
            } catch let refusal as HubRefusal where refusal.isExpiry {
                meter.takeBack(to: 0)
                sent += try await ModelPush.named { try await send(file, meter) }
            }
            report(.finished(file: file.name))
        }
        return sent
    }

    /// Where a file goes, asked for right before it is sent.
    private func place(of file: LocalFile) async throws -> HubWriter.LargeObject {
        let places = try await retrying.run { try await ModelPush.named { try await writer.places(of: [file]) } }
        guard let place = places.first(where: { $0.oid == file.sha256 }), place.error == nil else {
            throw HubFailure(
                .permanent(.network),
                "the hub does not take '\(file.name)' (status \(places.first?.error?.code ?? 0)); try again later")
        }
        return place
    }

    private func send(_ file: LocalFile, _ meter: Meter) async throws -> Int64 {
        let place = try await place(of: file)
        guard let upload = place.actions?.upload else {
            report(.moved(bytes: file.size, fromNetwork: false))
            return 0
        }
        let header = (upload.header ?? [:]).mapValues(\.text)
        if let chunk = header["chunk_size"] {
            try await sendParts(file, upload.href, header, chunk: chunk, meter)
        } else {
            _ = try await put(upload.href, file, from: 0, count: file.size, headers: header, meter)
        }
        if let verify = place.actions?.verify {
            try await tell(verify.href, ["oid": file.sha256, "size": file.size], isSigned: false)
        }
        return file.size
    }

    /// Every part to an address of its own, then the list of what came of them to the hub.
    private func sendParts(
        _ file: LocalFile, _ complete: String, _ header: [String: String], chunk: String, _ meter: Meter
    ) async throws {
        let addresses = header.compactMap { key, value in Int(key).map { ($0, value) } }.sorted { $0.0 < $1.0 }
        guard let size = Int64(chunk), size > 0,
            Int64(addresses.count) == file.size / size + (file.size % size == 0 ? 0 : 1)
        else {
            throw HubFailure(.permanent(.network), "the hub wants '\(file.name)' in parts that do not fit its size")
        }
        var parts: [[String: Any]] = []
        for (index, address) in addresses.enumerated() {
            let start = Int64(index) * size
            let etag = try await put(
                address.1, file, from: start, count: min(size, file.size - start), headers: [:], meter)
            guard let etag, !etag.isEmpty else {
                throw HubFailure(.permanent(.network), "the hub's store does not say what it got of '\(file.name)'")
            }
            parts.append(["partNumber": index + 1, "etag": etag])
        }
        try await tell(complete, ["oid": file.sha256, "parts": parts], isSigned: true)
    }

    /// - Throws: ``HubRefusal`` for an address that is no longer good, else as ``run(_:)``.
    private func put(
        _ address: String, _ file: LocalFile, from start: Int64, count: Int64, headers: [String: String], _ meter: Meter
    ) async throws -> String? {
        let usual = headers.filter { $0.key != "chunk_size" && Int($0.key) == nil }
        let before = meter.total
        return try await retrying.run {
            do {
                return try await writer.put(
                    address, file, from: start, count: count, headers: usual, moved: { meter.add($0) })
            } catch {
                meter.takeBack(to: before)
                throw Self.named(error)
            }
        }
    }

    private func tell(_ address: String, _ fields: [String: Any], isSigned: Bool) async throws {
        let body = try JSONSerialization.data(withJSONObject: fields, options: [.sortedKeys, .withoutEscapingSlashes])
        try await retrying.run {
            do {
                try await writer.tell(address, json: [UInt8](body), isSigned: isSigned)
            } catch {
                throw Self.named(error)
            }
        }
    }

    /// A refusal in words, but for that of an address which is no longer good: the file is sent to a new one.
    private static func named(_ error: any Error) -> any Error {
        guard let refusal = error as? HubRefusal, !refusal.isExpiry else { return error }
        return refusal.failure
    }
}

/// Counts what was sent of a file, so that a try that failed can be taken back.
private final class Meter: Sendable {
    private let moved = Mutex<Int64>(0)
    private let report: @Sendable (PullEvent) -> Void

    init(report: @escaping @Sendable (PullEvent) -> Void) { self.report = report }

    var total: Int64 { moved.withLock { $0 } }

    func add(_ bytes: Int64) {
        moved.withLock { $0 += bytes }
        report(.moved(bytes: bytes, fromNetwork: true))
    }

    func takeBack(to earlier: Int64) {
        let excess = moved.withLock { moved in
            defer { moved = earlier }
            return moved - earlier
        }
        report(.moved(bytes: -excess, fromNetwork: true))
    }
}

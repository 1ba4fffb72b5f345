import AsyncHTTPClient
import NIOCore
import TurnoutCore

/// Brings one file's content into the cache: waits its turn, resumes, retries, checks, and moves into place.
struct BlobDownload {
    let client: HubClient
    let layout: CacheLayout
    let id: RepositoryID
    let commit: String
    let environment: TransferEnvironment
    let report: @Sendable (PullEvent) -> Void

    /// What became of a file.
    struct Outcome: Sendable {
        let blob: BlobName
        let bytes: Int64
        let downloadedBytes: Int64
    }

    /// Downloads a file unless its content is there.
    ///
    /// - Throws: ``HubFailure``, ``TurnoutError``, `CancellationError`.
    func run(_ first: HubClient.Metadata) async throws -> Outcome {
        var file = first
        for _ in 0..<3 {
            do {
                return try await content(of: file)
            } catch let failure as HubFailure {
                guard case .changed = failure.kind else { throw failure }
                file = try await Retrying(environment: environment, what: file.path.text, report: report).run {
                    [client, commit, path = file.path] in
                    try await client.metadata(of: path, commit: commit)
                }
            }
        }
        throw HubFailure(
            .permanent(.network), "the hub keeps changing its mind about what \(file.path) of \(id) is; try again later"
        )
    }

    private func content(of file: HubClient.Metadata) async throws -> Outcome {
        if let bytes = present(file) { return found(file, bytes) }
        let lock = try await turn(for: file)
        defer { withExtendedLifetime(lock) {} }
        // Whoever held the lock may have brought it.
        if let bytes = present(file) { return found(file, bytes) }
        return try await transfer(file)
    }

    private func turn(for file: HubClient.Metadata) async throws -> FileLock {
        let path = layout.lock(file.blob, of: id)
        if let lock = try FileLock.tryAcquire(path) { return lock }
        report(.waiting(file: file.path.text))
        return try await FileLock.acquire(path, clock: environment.clock)
    }

    private func present(_ file: HubClient.Metadata) -> Int64? { FileSize.of(layout.blob(file.blob, of: id)) }

    private func found(_ file: HubClient.Metadata, _ bytes: Int64) -> Outcome {
        report(.moved(bytes: bytes, fromNetwork: false))
        report(.finished(file: file.path.text))
        return Outcome(blob: file.blob, bytes: bytes, downloadedBytes: 0)
    }

    private func transfer(_ file: HubClient.Metadata) async throws -> Outcome {
        let partial = try PartialFile(path: layout.incomplete(file.blob, of: id))
        var transfer = Transfer(validators: file.validators)
        let kept = try partial.size()
        // Without a checksum nobody could tell whether old and new bytes belong together.
        if kept > file.size ?? .max || file.blob.checksum == .unknown {
            try partial.empty()
        } else if kept > 0 {
            report(.moved(bytes: kept, fromNetwork: false))
        }
        while true {
            let before = try partial.size()
            do {
                if before == 0 || before != file.size { try await fetch(file, into: partial, &transfer) }
                let size = try await verify(file, partial)
                try partial.commit(to: layout.blob(file.blob, of: id))
                report(.finished(file: file.path.text))
                return Outcome(blob: file.blob, bytes: size, downloadedBytes: transfer.received)
            } catch let failure as HubFailure {
                try await recover(from: failure, file, partial, &transfer, progressed: try partial.size() > before)
            }
        }
    }

    /// What a transfer remembers between two tries.
    private struct Transfer {
        var validators: HubClient.Validators
        var schedule = RetrySchedule()
        var damages = 0
        var received: Int64 = 0
    }

    /// Returns when another try makes sense, after a pause; throws the failure otherwise.
    private func recover(
        from failure: HubFailure, _ file: HubClient.Metadata, _ partial: borrowing PartialFile,
        _ transfer: inout Transfer,
        progressed: Bool
    ) async throws {
        var notBefore: Duration?
        switch failure.kind {
        case .permanent: throw failure
        case .changed:
            try discard(partial)
            throw failure
        case .damaged:
            try discard(partial)
            transfer.damages += 1
            if transfer.damages > 1 {
                throw HubFailure(.damaged, failure.message + ", twice in a row; nothing of it was kept")
            }
        case .transient(let wish):
            notBefore = wish
            if file.blob.checksum == .unknown { try discard(partial) }
            if progressed { transfer.schedule.progressed() }
        }
        guard let pause = transfer.schedule.pause(random: environment.random(), notBefore: notBefore) else {
            throw HubFailure(
                failure.kind,
                "\(file.path) of \(id): \(failure.message); gave up after \(transfer.schedule.limit) tries. "
                    + "What came so far is kept: run the same command again to go on")
        }
        report(.retrying(what: file.path.text, reason: failure.message, pause: pause))
        try await environment.clock.sleep(for: pause)
    }

    private func fetch(
        _ file: HubClient.Metadata, into partial: borrowing PartialFile, _ transfer: inout Transfer
    ) async throws {
        var size = try partial.size()
        let download = try await client.download(file, commit: commit, from: size, validators: transfer.validators)
        guard download.reply == .discard || download.blob == nil || download.blob == file.blob else {
            throw HubFailure(.changed, "\(file.path) of \(id) changed at the hub during the download")
        }
        switch download.reply {
        case .append: break
        case .restart where size == 0: break
        case .restart:
            try discard(partial)
            size = 0
        case .discard:
            try discard(partial)
            throw HubFailure(.transient(notBefore: nil), "the hub could not continue the file where it was broken off")
        case .wrongLength(let announced):
            throw HubFailure(
                .transient(notBefore: nil), "the hub announces \(announced) bytes where it promised \(file.size ?? 0)")
        }
        transfer.validators.merge(download.validators) { $1 }
        var chunks = download.body.makeAsyncIterator()
        while let chunk = try await HubClient.catching({ try await chunks.next(isolation: #isolation) }) {
            size += Int64(chunk.readableBytes)
            if let promised = file.size, size > promised {
                throw HubFailure(
                    .damaged, "\(file.path) of \(id) is longer than the \(promised) bytes that the hub promised")
            }
            try partial.append(chunk)
            transfer.received += Int64(chunk.readableBytes)
            report(.moved(bytes: Int64(chunk.readableBytes), fromNetwork: true))
        }
        if let promised = file.size, size < promised {
            throw HubFailure(.transient(notBefore: nil), "the hub ended the file \(promised - size) bytes too early")
        }
    }

    /// Reads back what lies on the disk, which is what others will read.
    private func verify(_ file: HubClient.Metadata, _ partial: borrowing PartialFile) async throws -> Int64 {
        let size = try partial.size()
        var check = ContentCheck(file.blob, size: size)
        try await partial.read { check.update($0) }
        guard let actual = check.mismatch() else { return size }
        throw HubFailure(
            .damaged, "\(file.path) of \(id) came with the checksum \(actual) where the hub promised \(file.blob)")
    }

    private func discard(_ partial: borrowing PartialFile) throws {
        let size = try partial.size()
        if size > 0 { report(.moved(bytes: -size, fromNetwork: false)) }
        try partial.empty()
    }
}

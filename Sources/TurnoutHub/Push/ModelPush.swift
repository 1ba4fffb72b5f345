import AsyncHTTPClient
import Foundation
package import TurnoutCore

/// Uploads the folder of a model to the hub as one commit.
///
/// Files that the hub has with the same content are not sent again, so that a push that was broken off goes on where it
/// was. Nothing is visible before all of it is there: the commit comes last.
package struct ModelPush: Sendable {
    /// What a push did.
    package struct Report: Sendable, Equatable {
        /// The commit; `nil` when the hub had everything.
        package let commit: String?
        /// Whether the model was made.
        package let isNew: Bool
        /// Files that were committed, by name.
        package let committed: [String]
        /// Files that the hub had, or does not want.
        package let skipped: [String]
        /// How many bytes were sent in large files.
        package let sentBytes: Int64
    }

    /// How the model is made and described.
    package struct Options: Sendable {
        /// Whether only the account's own people see the model; without effect on one that exists.
        package var isPrivate = false
        /// The branch.
        package var revision = Revision.main
        /// The commit's summary.
        package var summary = "Upload model"
        /// The licence for a model card that is made, an SPDX identifier.
        package var licence: String?

        /// All defaults.
        package init() {}
    }

    private let settings: HubSettings
    private let environment: TransferEnvironment

    /// - Parameters:
    ///   - settings: Where the hub is, and the token.
    ///   - environment: Clock and dice.
    package init(settings: HubSettings, environment: TransferEnvironment = TransferEnvironment()) {
        self.settings = settings
        self.environment = environment
    }

    /// Refuses what would be refused before anything is sent.
    ///
    /// - Throws: ``TurnoutError`` with code `.invalidConfiguration` without a token or offline.
    package func check() throws {
        guard !settings.isOffline else {
            throw TurnoutError(
                .invalidConfiguration,
                "HF_HUB_OFFLINE forbids to ask the hub; unset it (and TRANSFORMERS_OFFLINE) to push")
        }
        guard settings.token != nil else {
            throw TurnoutError(
                .invalidConfiguration,
                "there is no token: make one that may write at \(settings.endpoint)/settings/tokens and set HF_TOKEN")
        }
    }

    /// Uploads.
    ///
    /// - Parameters:
    ///   - folder: The folder of a model; hidden and unfinished files stay here.
    ///   - id: What the model is called on the hub.
    ///   - options: How it is made and described.
    ///   - report: Called for every event, from any thread.
    /// - Returns: What was done.
    /// - Throws: ``TurnoutError`` with code `.invalidConfiguration` without a token or offline, `.io` for the folder,
    ///   `.invalidData` for files that cannot be uploaded, `.network` for the hub; `CancellationError`.
    package func run(
        _ folder: String, to id: RepositoryID, options: Options = Options(),
        report: @escaping @Sendable (PullEvent) -> Void = { _ in }
    ) async throws -> Report {
        try check()
        var files = try LocalFile.paths(in: folder).map {
            try LocalFile(name: $0, source: .path("\(folder)/\($0)"))
        }
        let cardName = ModelCardText.file
        let hasCard = files.contains { $0.name == cardName }
        if !hasCard {
            let card = ModelCardText(folder: folder, files: files.map(\.name), id: id, licence: options.licence)
            files.append(try LocalFile(name: cardName, source: .bytes(Array(card.text.utf8))))
        }
        let http = try HubClient.makeHTTP(settings, patience: Self.writing)
        let writer = HubWriter(http: http, settings: settings, id: id, revision: options.revision)
        let result: Result<Report, any Error>
        do {
            result = .success(try await push(files, madeCard: hasCard ? nil : cardName, writer, options, report))
        } catch let failure as HubFailure {
            result = .failure(failure.error)
        } catch {
            result = .failure(error)
        }
        try? await http.shutdown()
        return try result.get()
    }

    /// How long the hub may be silent over a commit or a large file's completion before it counts as lost.
    private static let writing: Duration = .seconds(600)

    private func push(
        _ files: [LocalFile], madeCard: String?, _ writer: HubWriter, _ options: Options,
        _ report: @escaping @Sendable (PullEvent) -> Void
    ) async throws -> Report {
        let retrying = Retrying(environment: environment, what: writer.id.name, report: report)
        let isNew = try await retrying.run {
            try await Self.named { try await writer.create(isPrivate: options.isPrivate) }
        }
        var modes: [String: HubWriter.UploadMode] = [:]
        for start in stride(from: 0, to: files.count, by: 256) {
            let part = Array(files[start..<min(start + 256, files.count)])
            for mode in try await retrying.run({ try await Self.named { try await writer.modes(of: part) } }) {
                modes[mode.path] = mode
            }
        }
        if let forgotten = files.first(where: { modes[$0.name] == nil }) {
            throw TurnoutError(.network, "the hub did not say how it wants '\(forgotten.name)'; try again later")
        }
        // A card that we made never replaces one that somebody wrote.
        let wanted = files.filter { file in
            guard let mode = modes[file.name], mode.shouldIgnore != true else { return false }
            return mode.oid != file.oid(isLarge: mode.isLarge) && !(file.name == madeCard && mode.oid != nil)
        }
        let large = wanted.filter { modes[$0.name]?.isLarge == true && $0.size > 0 }
        let small = wanted.filter { modes[$0.name]?.isLarge != true || $0.size == 0 }
        try Self.check(small)
        report(.planned(files: large.count, bytes: large.map(\.size).reduce(0, +)))
        let sent = try await LargeUpload(writer: writer, retrying: retrying, report: report).run(large)
        let kept = Set(wanted.map(\.name))
        let skipped = files.map(\.name).filter { !kept.contains($0) }.sorted()
        guard !wanted.isEmpty else {
            return Report(commit: nil, isNew: isNew, committed: [], skipped: skipped, sentBytes: 0)
        }
        var lines = [HubWriter.CommitLine.header(summary: options.summary)]
        lines += try small.map { .file(path: $0.name, bytes: try $0.bytes()) }
        lines += large.map { .largeFile(path: $0.name, sha256: $0.sha256, size: $0.size) }
        let all = lines
        let commit = try await retrying.run { try await Self.named { try await writer.commit(all) } }
        return Report(commit: commit, isNew: isNew, committed: kept.sorted(), skipped: skipped, sentBytes: sent)
    }

    /// Small files travel inside the commit, which is held in memory.
    private static func check(_ small: [LocalFile]) throws {
        guard small.map(\.size).reduce(0, +) <= 64 << 20 else {
            let largest = small.max { $0.size < $1.size }
            throw TurnoutError(
                .invalidData,
                "the hub wants more than 64 MB of files inside one commit, '\(largest?.name ?? "")' among them; leave "
                    + "such files out of the folder")
        }
    }

    /// Gives refusals their sentences.
    static func named<Answer>(_ body: () async throws -> Answer) async throws -> Answer {
        do {
            return try await body()
        } catch let refusal as HubRefusal {
            throw refusal.failure
        }
    }
}

import ArgumentParser
import Foundation
import Synchronization
import TurnoutCore
import TurnoutHub

struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract:
            "Fetches models from a hub and uploads them to it, shows and removes what is here, and tells what is known of them.",
        discussion: """
            Example: turnout models pull sentence-transformers/all-MiniLM-L6-v2
            The cache is the one of Python's huggingface_hub; HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN and
            HF_HUB_OFFLINE mean the same here as there.
            """,
        subcommands: [
            PullCommand.self, PushCommand.self, ListCommand.self, PathCommand.self, RemoveCommand.self,
            CatalogueCommand.self,
        ])

    /// Which model is meant.
    struct Model: ParsableArguments {
        @Argument(help: "The model, as organisation/name.")
        var id: String

        @Option(help: "A branch, tag or commit.")
        var revision: String?

        @Flag(help: "Prints one JSON object.")
        var json = false
    }
}

extension ModelsCommand {
    struct PullCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "pull",
            abstract: "Downloads a model, or what is missing of it, and prints its folder.",
            discussion: """
                Example: turnout models pull intfloat/multilingual-e5-small --revision main
                By default only what an encoder needs: configuration, tokenizer and safetensors weights. Every file is
                checked. A download that was broken off goes on where it was.
                """)

        @OptionGroup var model: Model

        @Option(
            name: .customLong("include"),
            help: ArgumentHelp("Files to download instead of an encoder's.", valueName: "glob"))
        var inclusions: [String] = []

        @Option(name: .customLong("exclude"), help: ArgumentHelp("Files to leave out.", valueName: "glob"))
        var exclusions: [String] = []

        @Option(help: "How many files at once, 1 to 16.")
        var parallel = 4

        @Flag(help: "Shows no progress.")
        var quiet = false

        func run() async throws {
            guard (1...16).contains(parallel) else {
                throw TurnoutError(.invalidArgument, "--parallel is \(parallel); expected 1 to 16")
            }
            let id = try RepositoryID(model.id)
            let revision = try model.revision.map { try Revision($0) } ?? .main
            let display = TransferDisplay(quiet: quiet)
            defer { display.end() }
            let report = try await ModelPull(settings: .ofProcess(), parallelFiles: parallel).run(
                id, revision: revision, selection: FileSelection(include: inclusions, exclude: exclusions)
            ) { display.show($0) }
            display.end()
            for file in report.files where !file.isVerified {
                display.say("turnout: \(file.path) came without a checksum; only its length was checked")
            }
            if model.json { return try print(json: PullOutput(id, revision, report)) }
            if !quiet {
                display.say(
                    report.isOffline
                        ? "Offline: this is what the cache has."
                        : "\(report.files.count) files, \(ByteCount.text(report.bytes)), "
                            + "\(ByteCount.text(report.downloadedBytes)) of them downloaded now.")
            }
            print(report.folder)
        }
    }

    struct ListCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Lists the models in the cache, whoever downloaded them.",
            discussion: "Example: turnout models list --json")

        @Flag(help: "Prints one JSON object.")
        var json = false

        func run() throws {
            let cache = HubCache(settings: try .ofProcess())
            let models = try cache.models()
            if json {
                return try print(json: ListOutput(cache: cache.folder, models: models.map(ListOutput.Model.init)))
            }
            guard !models.isEmpty else {
                print(
                    "No models in \(cache.folder). Download one: turnout models pull sentence-transformers/all-MiniLM-L6-v2"
                )
                return
            }
            print(
                TextTable.text(header: ["model", "revision", "size", "files", "last used"], rows: models.flatMap(rows)))
        }

        private func rows(_ model: CachedModel) -> [[String]] {
            let snapshots = model.snapshots.map { snapshot in
                let names = snapshot.references.isEmpty ? "" : "\(snapshot.references.joined(separator: ", ")) "
                return [
                    model.id.name, "\(names)(\(snapshot.commit.prefix(8)))", ByteCount.text(snapshot.bytes),
                    "\(snapshot.files)", snapshot.lastUsed.map { $0.formatted(.iso8601.year().month().day()) } ?? "",
                ]
            }
            let loose = [model.id.name, "(unfinished)", ByteCount.text(model.looseBytes), "", ""]
            return snapshots + (model.looseBytes > 0 || snapshots.isEmpty ? [loose] : [])
        }
    }

    struct PathCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "path",
            abstract: "Prints the folder of a model in the cache; exit code 1 when it is not there.",
            discussion: "Example: turnout models path sentence-transformers/all-MiniLM-L6-v2")

        @OptionGroup var model: Model

        func run() throws {
            let cache = HubCache(settings: try .ofProcess())
            let revision = model.revision ?? Revision.main.name
            let folder = try cache.snapshot(of: model.id, revision: revision)
            if model.json {
                try print(json: PathOutput(id: model.id, revision: revision, path: folder))
            } else if let folder {
                print(folder)
            } else {
                say(
                    "turnout: \(model.id) at '\(revision)' is not in \(cache.folder). Download it: turnout models pull \(model.id)"
                )
            }
            if folder == nil { throw ExitCode(1) }
        }
    }

    struct RemoveCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rm",
            abstract: "Removes a model, or one revision of it, from the cache; exit code 1 when it is not there.",
            discussion: "Example: turnout models rm sentence-transformers/all-MiniLM-L6-v2 --yes")

        @OptionGroup var model: Model

        @Flag(help: "Does not ask.")
        var yes = false

        func run() throws {
            let cache = HubCache(settings: try .ofProcess())
            let id = try RepositoryID(model.id)
            let revision = try model.revision.map { try Revision($0) }
            let here = try cache.models().first { $0.id == id }
            if let here, !yes,
                try !confirmed("Remove \(id)\(revision.map { " at \($0)" } ?? "") (\(ByteCount.text(here.bytes)))?")
            {
                say("Nothing was removed.")
                throw ExitCode(1)
            }
            let report = try here == nil ? nil : cache.remove(id, revision: revision)
            if model.json {
                try print(json: RemoveOutput(id: id.name, revision: revision?.name, report))
            } else if let report {
                let shared = ByteCount.text(report.sharedBytes)
                print("Removed \(id): \(ByteCount.text(report.freedBytes)) freed.")
                if report.sharedBytes > 0 {
                    print("\(shared) stay in the store that huggingface_hub shares between models.")
                }
            } else {
                say("turnout: \(id)\(revision.map { " at '\($0)'" } ?? "") is not in \(cache.folder)")
            }
            if report == nil { throw ExitCode(1) }
        }

        private func confirmed(_ question: String) throws -> Bool {
            guard isatty(STDIN_FILENO) == 1 else {
                throw TurnoutError(.invalidArgument, "there is nobody to ask whether to remove \(model.id); add --yes")
            }
            FileHandle.standardError.write(Data("\(question) [y/N] ".utf8))
            return ["y", "yes"].contains(readLine()?.lowercased())
        }
    }
}

/// Shows a transfer's progress on standard error: one bar on a terminal, a line now and then elsewhere.
final class TransferDisplay: Sendable {
    private struct State {
        var meter: TransferMeter
        var isDrawn = false
    }

    private let state: Mutex<State>
    private let drawsBar: Bool
    private let quiet: Bool
    private let start = ContinuousClock.now

    init(quiet: Bool) {
        self.quiet = quiet
        // A dumb terminal cannot go back to the start of a line. The bar has no colours for NO_COLOR to take away.
        drawsBar = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
        var size = winsize()
        let isKnown = drawsBar && ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let style: TransferMeter.Style = drawsBar ? .bar(width: isKnown ? Int(size.ws_col) : 80) : .lines
        state = Mutex(State(meter: TransferMeter(style: style)))
    }

    func show(_ event: PullEvent) {
        guard !quiet else { return }
        let elapsed = ContinuousClock.now - start
        state.withLock { state in
            guard let line = state.meter.handle(event, elapsed: elapsed) else { return }
            FileHandle.standardError.write(Data((drawsBar ? "\r\u{1B}[K\(line)" : "\(line)\n").utf8))
            state.isDrawn = drawsBar
        }
    }

    /// Takes the bar away.
    func end() {
        state.withLock { state in
            if state.isDrawn { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
            state.isDrawn = false
        }
    }

    func say(_ sentence: String) { FileHandle.standardError.write(Data("\(sentence)\n".utf8)) }
}

private func say(_ sentence: String) { FileHandle.standardError.write(Data("\(sentence)\n".utf8)) }

func print(json value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
}

enum TextTable {
    /// Columns as wide as their widest cell.
    static func text(header: [String], rows: [[String]]) -> String {
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        let style = TerminalStyle.standardOutput
        func line(_ row: [String]) -> String {
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(
                separator: "  ")
            return String(cells.reversed().drop { $0 == " " }.reversed())
        }
        return ([style.dim(line(header))] + rows.map(line)).joined(separator: "\n")
    }
}

private struct PullOutput: Encodable {
    struct File: Encodable { let name: String, bytes: Int64, downloaded_bytes: Int64, verified: Bool }
    let id: String, revision: String, commit: String, path: String, offline: Bool
    let files: [File], bytes: Int64, downloaded_bytes: Int64

    init(_ id: RepositoryID, _ revision: Revision, _ report: ModelPull.Report) {
        (self.id, self.revision, commit, path) = (id.name, revision.name, report.commit, report.folder)
        (offline, bytes, downloaded_bytes) = (report.isOffline, report.bytes, report.downloadedBytes)
        files = report.files.map {
            File(name: $0.path, bytes: $0.bytes, downloaded_bytes: $0.downloadedBytes, verified: $0.isVerified)
        }
    }
}

private struct ListOutput: Encodable {
    struct Revision: Encodable {
        let commit: String, refs: [String], path: String, files: Int, bytes: Int64, last_used: Date?
    }
    struct Model: Encodable {
        let id: String, bytes: Int64, unfinished_bytes: Int64, revisions: [Revision]

        init(_ model: CachedModel) {
            (id, bytes, unfinished_bytes) = (model.id.name, model.bytes, model.looseBytes)
            revisions = model.snapshots.map {
                Revision(
                    commit: $0.commit, refs: $0.references, path: $0.folder, files: $0.files, bytes: $0.bytes,
                    last_used: $0.lastUsed)
            }
        }
    }
    let cache: String, models: [Model]
}

private struct PathOutput: Encodable {
    let id: String, revision: String, path: String?

    enum CodingKeys: CodingKey { case id, revision, path }

    /// With `path` even where it is null.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(revision, forKey: .revision)
        try container.encode(path, forKey: .path)
    }
}

private struct RemoveOutput: Encodable {
    let id: String, revision: String?, removed: Bool, commits: [String], freed_bytes: Int64, shared_bytes: Int64

    init(id: String, revision: String?, _ report: RemovalReport?) {
        (self.id, self.revision, removed) = (id, revision, report != nil)
        (commits, freed_bytes, shared_bytes) = (
            report?.commits ?? [], report?.freedBytes ?? 0, report?.sharedBytes ?? 0
        )
    }
}

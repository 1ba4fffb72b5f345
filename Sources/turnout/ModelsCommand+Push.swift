import ArgumentParser
import Foundation
import TurnoutCore
import TurnoutHub

extension ModelsCommand {
    struct PushCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "push",
            abstract: "Uploads the folder of a model as one commit, and prints its address.",
            discussion: """
                Example: turnout models push tuned me/few-shot-router --private --licence apache-2.0
                HF_TOKEN must be a token that may write. Files that the hub has already are not sent again. A folder \
                without a README.md gets a model card, unless the model has one.
                """)

        @Argument(help: "The folder.", completion: .directory)
        var folder: String

        @Argument(help: "The model, as organisation/name.")
        var id: String

        @Flag(name: .customLong("private"), help: "Shows a new model to the account's own people only.")
        var isPrivate = false

        @Option(help: "The branch.")
        var revision: String?

        @Option(help: "What the commit is called.")
        var message: String?

        @Option(help: "Licence for a model card that is made (an SPDX identifier).")
        var licence: String?

        @Flag(help: "Prints one JSON object.")
        var json = false

        @Flag(help: "Shows no progress.")
        var quiet = false

        func run() async throws {
            let id = try RepositoryID(id)
            let settings = try HubSettings.ofProcess()
            var options = ModelPush.Options()
            options.isPrivate = isPrivate
            options.licence = licence
            if let revision { options.revision = try Revision(revision) }
            if let message { options.summary = message }
            let display = TransferDisplay(quiet: quiet)
            defer { display.end() }
            let report = try await ModelPush(settings: settings).run(folder, to: id, options: options) {
                display.show($0)
            }
            display.end()
            let address = "\(settings.endpoint)/\(id)"
            if json { return try print(json: PushOutput(id, address, report)) }
            if !quiet {
                display.say(
                    report.commit == nil
                        ? "The hub has all \(report.skipped.count) files already."
                        : "\(report.committed.count) files committed, \(report.skipped.count) were there; "
                            + "\(ByteCount.text(report.sentBytes)) of large files sent.")
            }
            print(address)
        }
    }
}

private struct PushOutput: Encodable {
    let id: String, url: String, commit: Nullable<String>, created: Bool
    let committed: [String], skipped: [String], sent_bytes: Int64

    init(_ id: RepositoryID, _ address: String, _ report: ModelPush.Report) {
        (self.id, url, commit, created) = (id.name, address, Nullable(report.commit), report.isNew)
        (committed, skipped, sent_bytes) = (report.committed, report.skipped, report.sentBytes)
    }
}

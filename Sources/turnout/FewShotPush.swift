import Foundation
import TurnoutCore
import TurnoutEncoders
import TurnoutHub

/// Pushes what was trained to a model hub, as a recipe's `push_to_hub` asks.
struct FewShotPush {
    /// What the router's artifact is called there, beside the files of SetFit.
    static let artifact = "router.safetensors"

    private let id: RepositoryID
    private let settings: HubSettings
    private let push: ModelPush

    /// Makes sure, before anything is trained, that it can be pushed.
    ///
    /// - Parameters:
    ///   - recipe: What asks for it.
    ///   - path: The recipe's file, for messages.
    /// - Throws: `TurnoutError` with code `.invalidConfiguration` without a token, without a repository or offline.
    init(_ recipe: FewShotRecipe, path: String) throws {
        let file = URL(fileURLWithPath: path).lastPathComponent
        guard let target = recipe.repository else {
            throw TurnoutError(
                .invalidConfiguration,
                """
                \(file): push_to_hub is true, and huggingface_out_dir is missing; name the repository there as \
                account/name, or set push_to_hub to false
                """)
        }
        guard target.split(separator: "/").count == 2, let id = try? RepositoryID(target) else {
            throw TurnoutError(
                .invalidConfiguration,
                "\(file): huggingface_out_dir is '\(target)', but must be account/name")
        }
        self.id = id
        settings = try HubSettings.ofProcess()
        push = ModelPush(settings: settings)
        do {
            try push.check()
        } catch let error as TurnoutError {
            throw TurnoutError(
                error.code, "\(file): push_to_hub is true, but \(error.message); or set push_to_hub to false")
        }
    }

    /// Uploads folder and artifact as one commit.
    ///
    /// - Parameters:
    ///   - folder: What Python's `SetFitModel` opens.
    ///   - artifact: The file of the router.
    ///   - licence: What the model card says; `nil` for nothing.
    ///   - quiet: Whether progress is hidden.
    /// - Returns: The address of the model.
    /// - Throws: `TurnoutError` as ``ModelPush`` does; it says where everything is, so that nothing is trained again.
    func run(
        _ folder: SentenceTransformerFolder, artifact: String, licence: String?, quiet: Bool
    ) async throws -> String {
        let place = FileManager.default.temporaryDirectory.appending(path: "turnout-push-\(UUID().uuidString)").path
        let display = TransferDisplay(quiet: quiet)
        defer { display.end() }
        do {
            try folder.write(to: place)
            try FileManager.default.copyItem(atPath: artifact, toPath: "\(place)/\(Self.artifact)")
        } catch {
            try? FileManager.default.removeItem(atPath: place)
            throw failure(error, artifact, advice: "make room in the folder for temporary files, and train again")
        }
        var options = ModelPush.Options()
        options.licence = licence
        do {
            _ = try await push.run(place, to: id, options: options) { display.show($0) }
        } catch {
            throw failure(error, artifact, advice: "'turnout models push \(place) \(id)' pushes what was to go")
        }
        try? FileManager.default.removeItem(atPath: place)
        return "\(settings.endpoint)/\(id)"
    }

    private func failure(_ error: any Error, _ artifact: String, advice: String) -> TurnoutError {
        let known = error as? TurnoutError
        return TurnoutError(
            known?.code ?? .io,
            "the router is in '\(artifact)', but was not pushed: \(known?.message ?? "\(error)"); \(advice)",
            cause: error)
    }
}

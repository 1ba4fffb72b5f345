import Foundation
import TurnoutCore
import TurnoutEvaluation
import TurnoutServer
import TurnoutTraining

/// A recipe for a `setfit` router as a YAML file, with the keys that few-shot tutorials use.
struct FewShotRecipe {
    /// The data file, looked for here and beside the recipe.
    var data: String?
    /// The encoder: a folder, or a model that was pulled.
    let encoder: String?
    let textColumn, labelColumn: String?
    /// The share of rows that is held out, half to choose the epoch by and half to test on.
    let testSize: Double?
    let batchSize, epochs: Int?
    let seed: UInt64?
    /// Whether what was trained is pushed to a model hub.
    let isPushed: Bool
    /// Where to, `account/name`.
    let repository: String?

    /// Reads a recipe.
    ///
    /// - Throws: `TurnoutError` with code `.io` or `.invalidConfiguration`, naming line and key.
    init(path: String) throws {
        let name = URL(fileURLWithPath: path).lastPathComponent
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw TurnoutError(.io, "\(path): the recipe cannot be read; check the path given with --recipe")
        }
        let fields = try ConfigurationSource.parse(
            String(decoding: bytes, as: UTF8.self), name: name, needs: "keys such as dataset_name and sentence_model",
            environment: ProcessInfo.processInfo.environment
        ).fields([
            "dataset_name", "sentence_model", "text_col_name", "label_col_name", "test_size", "batch_size",
            "num_epochs", "seed", "push_to_hub", "huggingface_out_dir",
        ]).filter { !$0.value.isNull }
        data = try fields["dataset_name"]?.string()
        encoder = try fields["sentence_model"]?.string()
        textColumn = try fields["text_col_name"]?.string()
        labelColumn = try fields["label_col_name"]?.string()
        testSize = try fields["test_size"]?.number(in: SetFitOptions.heldOutShares)
        batchSize = try fields["batch_size"]?.integer(in: FineTuningOptions.batchSizes)
        epochs = try fields["num_epochs"]?.integer(in: FineTuningOptions.epochCounts)
        seed = try fields["seed"].map { UInt64(try $0.integer(in: 0 ... .max)) }
        isPushed = try fields["push_to_hub"]?.flag() ?? false
        repository = try fields["huggingface_out_dir"]?.string()
        if let data, !FileManager.default.fileExists(atPath: data) {
            let beside = URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent(data)
            guard FileManager.default.fileExists(atPath: beside.path) else {
                throw TurnoutError(
                    .io,
                    """
                    \(name): dataset_name '\(data)' is no file here or beside the recipe; data sets of the hub are \
                    not fetched, so download it and name the file
                    """)
            }
            self.data = beside.path
        }
    }

    /// Fills in what the command line left open.
    func fill(_ data: inout FewShotData, _ options: inout SetFitOptions) {
        if data.files.isEmpty { data.files = [self.data].compactMap { $0 } }
        if data.encoder == "static", let encoder { data.encoder = encoder }
        if data.reader.columns.text == nil { data.reader.columns.text = textColumn }
        if data.reader.columns.label == nil { data.reader.columns.label = labelColumn }
        if let testSize { options.heldOutShare = testSize }
        if let batchSize { options.tuning.batchSize = batchSize }
        if let epochs { options.tuning.epochs = epochs }
        if let seed { options.tuning.seed = seed }
    }
}

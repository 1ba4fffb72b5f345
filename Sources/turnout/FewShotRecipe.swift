import Foundation
import TurnoutCore
import TurnoutEvaluation
import TurnoutTraining
import Yams

/// A recipe for a `setfit` router as a YAML file, with the keys that few-shot tutorials use.
struct FewShotRecipe: Decodable {
    /// The data file, looked for here and beside the recipe.
    var dataset_name: String?
    /// The encoder: a folder, or a model that was pulled.
    var sentence_model: String?
    var text_col_name: String?
    var label_col_name: String?
    /// The share of rows that is held out, half to choose the epoch by and half to test on.
    var test_size: Double?
    var batch_size: Int?
    var num_epochs: Int?
    var seed: UInt64?
    /// Whether what was trained is pushed to a model hub.
    var push_to_hub: Bool?
    /// Where to, `account/name`.
    var huggingface_out_dir: String?

    private static let keys = [
        "dataset_name", "sentence_model", "text_col_name", "label_col_name", "test_size", "batch_size", "num_epochs",
        "seed", "push_to_hub", "huggingface_out_dir",
    ]

    /// Reads a recipe.
    ///
    /// - Throws: `TurnoutError` with code `.io` or `.invalidConfiguration`, naming the key that is wrong.
    init(path: String) throws {
        let name = URL(fileURLWithPath: path).lastPathComponent
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TurnoutError(.io, "\(path): the recipe cannot be read; check the path given with --recipe")
        }
        let text = String(decoding: data, as: UTF8.self)
        guard let map = try? Yams.load(yaml: text) as? [String: Any] else {
            throw TurnoutError(.invalidConfiguration, "\(name): not a YAML map of keys and values")
        }
        if let key = map.keys.sorted().first(where: { !Self.keys.contains($0) }) {
            throw TurnoutError(
                .invalidConfiguration, "\(name): unknown key '\(key)'; known are \(Self.keys.joined(separator: ", "))")
        }
        do {
            self = try YAMLDecoder().decode(FewShotRecipe.self, from: text)
        } catch let DecodingError.typeMismatch(type, context) {
            let key = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw TurnoutError(.invalidConfiguration, "\(name): '\(key)' must be a \(type)")
        } catch {
            throw TurnoutError(.invalidConfiguration, "\(name): a value is not what its key needs", cause: error)
        }
        if let dataset_name, !FileManager.default.fileExists(atPath: dataset_name) {
            let beside = URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent(dataset_name)
            guard FileManager.default.fileExists(atPath: beside.path) else {
                throw TurnoutError(
                    .io,
                    """
                    \(name): dataset_name '\(dataset_name)' is no file here or beside the recipe; data sets of the hub are \
                    not fetched, so download it and name the file
                    """)
            }
            self.dataset_name = beside.path
        }
    }

    /// Fills in what the command line left open.
    func fill(_ data: inout FewShotData, _ options: inout SetFitOptions) {
        if data.files.isEmpty { data.files = [dataset_name].compactMap { $0 } }
        if data.encoder == "static", let sentence_model { data.encoder = sentence_model }
        if data.reader.columns.text == nil { data.reader.columns.text = text_col_name }
        if data.reader.columns.label == nil { data.reader.columns.label = label_col_name }
        if let test_size { options.heldOutShare = test_size }
        if let batch_size { options.tuning.batchSize = batch_size }
        if let num_epochs { options.tuning.epochs = num_epochs }
        if let seed { options.tuning.seed = seed }
    }
}

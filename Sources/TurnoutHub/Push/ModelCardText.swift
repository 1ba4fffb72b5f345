import Foundation
import TurnoutCore
import TurnoutEncoders

/// A model card for a folder that has none: what it is, how it is used, what was measured.
struct ModelCardText {
    /// The name of the file.
    static let file = "README.md"

    let text: String

    /// Writes the card.
    ///
    /// - Parameters:
    ///   - folder: The folder of the model.
    ///   - files: The names of its files.
    ///   - id: What the model is called on the hub.
    ///   - licence: An SPDX identifier; without one the card names none.
    init(folder: String, files: [String], id: RepositoryID, licence: String?) {
        let kind = Kind(files: files)
        let routers = files.filter { $0.hasSuffix(".safetensors") }.compactMap {
            Router(path: "\(folder)/\($0)", name: $0)
        }
        var head = ["---"]
        if let licence { head.append("license: \(licence.lowercased())") }
        head += kind.header + (routers.isEmpty ? [] : ["- llm-routing"]) + ["---", ""]
        var body = ["# \(id.name.split(separator: "/").last ?? "")", "", kind.sentence(id), ""]
        body += routers.flatMap(\.lines)
        text = (head + body).joined(separator: "\n")
    }

    private enum Kind {
        case setFit, sentences, files

        init(files: [String]) {
            self = files.contains("config_setfit.json") ? .setFit : files.contains("modules.json") ? .sentences : .files
        }

        var header: [String] {
            switch self {
            case .setFit:
                [
                    "library_name: setfit", "pipeline_tag: text-classification", "tags:", "- setfit",
                    "- sentence-transformers", "- text-classification",
                ]
            case .sentences:
                [
                    "library_name: sentence-transformers", "pipeline_tag: sentence-similarity", "tags:",
                    "- sentence-transformers",
                ]
            case .files: ["tags:", "- turnout"]
            }
        }

        func sentence(_ id: RepositoryID) -> String {
            switch self {
            case .setFit:
                """
                A [SetFit](https://github.com/huggingface/setfit) model: a sentence encoder and a logistic regression on \
                its vectors.

                ```python
                from setfit import SetFitModel
                model = SetFitModel.from_pretrained("\(id)")
                ```
                """
            case .sentences:
                """
                A [sentence-transformers](https://www.SBERT.net) model: from texts to vectors.

                ```python
                from sentence_transformers import SentenceTransformer
                model = SentenceTransformer("\(id)")
                ```
                """
            case .files: "Files of Turnout, which sends each prompt to the language model that is good enough."
            }
        }
    }

    /// What the card of a router's artifact says.
    private struct Router {
        private struct Card: Decodable {
            struct Metric: Decodable { let name: String, value: Double, low: Double, high: Double }
            let kind: String
            let models: [String]
            let metrics: [Metric]
            let notes: String?
        }

        let lines: [String]

        /// `nil` for a file that is no router.
        init?(path: String, name: String) {
            guard let file = try? SafetensorsFile(contentsOf: path), let json = file.metadata["card"],
                let card = try? JSONDecoder().decode(Card.self, from: Data(json.utf8))
            else { return nil }
            let models = card.models.map { "`\($0)`" }.joined(separator: ", ")
            lines =
                [
                    "## \(name)", "", "A `\(card.kind)` router\(models.isEmpty ? "" : " between \(models)").", "",
                ]
                + (card.metrics.isEmpty ? [] : ["| figure | value | 95 % interval |", "|---|---|---|"])
                + card.metrics.map {
                    String(format: "| %@ | %.3f | %.3f to %.3f |", $0.name, $0.value, $0.low, $0.high)
                } + (card.metrics.isEmpty ? [] : [""]) + [card.notes ?? "", ""]
        }
    }
}

import Foundation
import TurnoutCore

/// Reads recipes: JSON files that name data, licences and options.
enum RecipeFile {
    /// Decodes a recipe and refuses keys that it does not know.
    ///
    /// - Parameters:
    ///   - recipe: Its type.
    ///   - path: The file.
    ///   - keys: Its keys.
    ///   - sourceKeys: The keys of the objects in `sources` and `tests`.
    /// - Returns: The recipe.
    /// - Throws: ``TurnoutError`` with code `.io` or `.invalidConfiguration`, naming the key that is wrong.
    static func read<Recipe: Decodable>(
        _ recipe: Recipe.Type, path: String, keys: [String], sourceKeys: [String]
    ) throws -> Recipe {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TurnoutError(.io, "\(path): the recipe cannot be read; check the path given with --recipe")
        }
        let name = self.name(path)
        try refuseUnknownKeys(data, name: name, keys: keys, sourceKeys: sourceKeys)
        do {
            return try JSONDecoder().decode(Recipe.self, from: data)
        } catch let DecodingError.keyNotFound(key, _) {
            throw TurnoutError(
                .invalidConfiguration,
                "\(name): key '\(key.stringValue)' is missing; see docs/data.md for a recipe's keys")
        } catch let DecodingError.typeMismatch(type, context) {
            let key = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw TurnoutError(.invalidConfiguration, "\(name): '\(key)' must be a \(type)")
        } catch let DecodingError.dataCorrupted(context) where !context.codingPath.isEmpty {
            let key = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw TurnoutError(.invalidConfiguration, "\(name): '\(key)': \(context.debugDescription)")
        } catch {
            throw TurnoutError(.invalidConfiguration, "\(name): not a valid JSON object", cause: error)
        }
    }

    /// A recipe's name in messages.
    static func name(_ path: String) -> String { URL(fileURLWithPath: path).lastPathComponent }

    /// The path of a file that a recipe names.
    ///
    /// - Throws: ``TurnoutError`` with code `.io` when it is in none of the folders.
    static func find(_ file: String, in folders: [String]) throws -> String {
        for folder in folders {
            let path = URL(fileURLWithPath: folder).appendingPathComponent(file).path
            if FileManager.default.fileExists(atPath: path) { return path }
        }
        throw TurnoutError(
            .io, "\(file): in none of \(folders.joined(separator: ", ")); say where the data lies with --data-dir")
    }

    private static func refuseUnknownKeys(_ data: Data, name: String, keys: [String], sourceKeys: [String]) throws {
        guard let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else { return }
        let sources = ["sources", "tests"].flatMap { object[$0] as? [[String: Any]] ?? [] }
        let unknown =
            object.keys.filter { !keys.contains($0) }
            + sources.flatMap { $0.keys.filter { !sourceKeys.contains($0) } }
        if let key = unknown.sorted().first {
            throw TurnoutError(
                .invalidConfiguration,
                "\(name): unknown key '\(key)'; known are \((keys + sourceKeys).joined(separator: ", "))")
        }
    }
}

import TurnoutCore
import Yams

/// A configuration file's text and the environment that its `${NAME}` refer to.
///
/// A reference is hidden from the YAML parser behind a private-use character and filled in afterwards, so that it
/// may stand in a flow mapping, a value may hold any character, and line numbers stay right.
package struct ConfigurationSource: Sendable {
    /// How the file is named in messages.
    let name: String
    private let environment: [String: String]

    private static let opening: Character = "\u{E000}"
    private static let closing: Character = "\u{E001}"

    /// Parses a text.
    ///
    /// - Parameters:
    ///   - text: YAML.
    ///   - name: How the file is named in messages.
    ///   - needs: What an empty file lacks.
    ///   - environment: What `${NAME}` refers to.
    /// - Returns: The whole of it.
    /// - Throws: `TurnoutError` with code `.invalidConfiguration`: file, line and what is wrong there.
    package static func parse(
        _ text: String, name: String, needs: String, environment: [String: String]
    ) throws -> ConfigurationNode {
        let source = ConfigurationSource(name: name, environment: environment)
        let hidden = text.replacing(#/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/#) { "\(opening)\($0.1)\(closing)" }
        do {
            guard let root = try Yams.compose(yaml: hidden) else {
                throw source.failure(line: 1, "the file is empty; it needs \(needs)")
            }
            return ConfigurationNode(node: root, path: "", source: source)
        } catch let error as YamlError {
            throw source.failure(error)
        }
    }

    /// Fills in the environment's values.
    func filled(_ text: String, key: String, line: Int) throws -> String {
        guard text.contains(Self.opening) else { return text }
        var result = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: Self.opening), let end = rest[start...].firstIndex(of: Self.closing) {
            let variable = String(rest[rest.index(after: start)..<end])
            guard let value = environment[variable] else {
                throw failure(
                    line: line,
                    "\(key) refers to the environment variable \(variable), which is not set; set it or write the value here"
                )
            }
            result += rest[..<start] + value
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    func failure(line: Int, _ message: String) -> TurnoutError {
        TurnoutError(.invalidConfiguration, "\(name):\(line): \(message)")
    }

    private func failure(_ error: YamlError) -> TurnoutError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return failure(line: mark.line, "not valid YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            return failure(line: context.mark.line, "'\(duplicates.first ?? "a key")' stands twice; keep one")
        default:
            return failure(line: 1, "not valid YAML")
        }
    }
}

import TurnoutCore
import Yams

/// A place in a configuration file: a value, the key it stands under, and where that is.
package struct ConfigurationNode {
    let node: Node
    /// The keys that lead here, joined by dots.
    let path: String
    let source: ConfigurationSource

    var line: Int { node.mark?.line ?? 1 }

    /// Whether keys and values stand here.
    var isMapping: Bool { node.mapping != nil }

    /// Whether nothing stands here.
    package var isNull: Bool { node.null != nil }

    func failure(_ message: String) -> TurnoutError { source.failure(line: line, message) }

    /// The entries of a mapping whose keys are names, in the order of the file.
    func entries() throws -> [(name: String, value: ConfigurationNode)] {
        guard let mapping = node.mapping else { throw expected("a mapping of keys to values") }
        return try mapping.map { key, value in
            guard let name = key.string else {
                throw source.failure(line: key.mark?.line ?? line, "a key under '\(path)' is not a name")
            }
            return (name, ConfigurationNode(node: value, path: path.isEmpty ? name : "\(path).\(name)", source: source))
        }
    }

    /// The entries of a mapping whose keys are fixed; any other key is refused.
    package func fields(_ known: [String]) throws -> [String: ConfigurationNode] {
        var fields: [String: ConfigurationNode] = [:]
        for (name, value) in try entries() {
            guard known.contains(name) else {
                let nearest = SpellingDistance.nearest(to: name, among: known)
                let hint = nearest.map { "did you mean '\($0)'?" } ?? "known are \(known.joined(separator: ", "))"
                throw source.failure(line: value.keyLine, "unknown key '\(value.path)'; \(hint)")
            }
            fields[name] = value
        }
        return fields
    }

    /// A value as text, with the environment's values filled in.
    package func string() throws -> String {
        guard let text = node.scalar?.string else { throw expected("a text") }
        return try source.filled(text, key: "'\(path)'", line: line)
    }

    /// The same; `nil` for a list or a mapping.
    private func scalar() throws -> String? { node.scalar == nil ? nil : try string() }

    /// A number in a range.
    package func number(in range: ClosedRange<Double>) throws -> Double {
        guard let value = try scalar().flatMap(Double.init), range.contains(value) else {
            let upper = range.upperBound == .greatestFiniteMagnitude ? "" : " up to \(Self.shown(range.upperBound))"
            throw expected("a number from \(Self.shown(range.lowerBound))\(upper)")
        }
        return value
    }

    /// A whole number in a range.
    package func integer(in range: ClosedRange<Int>) throws -> Int {
        guard let value = try scalar().flatMap({ Int($0) }), range.contains(value) else {
            let upper = range.upperBound == .max ? "" : " up to \(range.upperBound)"
            throw expected("a whole number from \(range.lowerBound)\(upper)")
        }
        return value
    }

    /// `true` or `false`.
    package func flag() throws -> Bool {
        guard let flag = try scalar().flatMap({ Bool($0.lowercased()) }) else { throw expected("true or false") }
        return flag
    }

    /// The elements of a list.
    func elements() throws -> [ConfigurationNode] {
        guard let sequence = node.sequence else { throw expected("a list, as in [a, b]") }
        return sequence.map { ConfigurationNode(node: $0, path: path, source: source) }
    }

    func expected(_ what: String) -> TurnoutError {
        failure("\(path.isEmpty ? "the file" : "'\(path)'") must be \(what)")
    }

    private static func shown(_ bound: Double) -> String {
        bound == bound.rounded() ? String(Int(bound)) : String(bound)
    }

    /// A value on a later line than its key is a block; its key stands on the line before.
    private var keyLine: Int { node.scalar == nil && isBlock ? max(1, line - 1) : line }

    private var isBlock: Bool { node.mapping?.style == .block || node.sequence?.style == .block }
}

import TurnoutCore

extension SentenceConfiguration {
    /// What to put before a text.
    ///
    /// - Throws: `TurnoutError` with code `.invalidArgument` for a prompt that the files do not name.
    func prefix(named name: String?, path: String) throws -> String {
        guard let name = name ?? defaultPrompt else { return "" }
        guard let prompt = prompts[name] else {
            let known = prompts.isEmpty ? "none" : prompts.keys.sorted().joined(separator: ", ")
            throw TurnoutError(
                .invalidArgument, "'\(path)' has no prompt '\(name)' (it has: \(known)); choose one of these")
        }
        return prompt
    }

    /// Makes the vector of a sentence from those of its tokens.
    ///
    /// - Parameters:
    ///   - tokens: Shape `[tokens, out.count]`, at least one token.
    ///   - out: Receives the vector.
    /// - Complexity: O(`tokens.count`)
    func pool(_ tokens: UnsafeBufferPointer<Float>, into out: UnsafeMutableBufferPointer<Float>) {
        let width = out.count, count = tokens.count / width
        guard let first = tokens.baseAddress, let out = out.baseAddress else { return }
        out.update(from: first, count: width)
        for row in 1..<max(count, 1) where pooling != .first {
            let token = first + row * width
            if pooling == .maximum {
                for j in 0..<width { out[j] = max(out[j], token[j]) }
            } else {
                for j in 0..<width { out[j] += token[j] }
            }
        }
        switch pooling {
        case .first, .maximum: break
        case .mean: Self.scale(out, width, by: 1 / Float(count))
        case .meanSquareRoot: Self.scale(out, width, by: 1 / Float(count).squareRoot())
        }
        guard normalises else { return }
        var square: Float = 0
        for j in 0..<width { square += out[j] * out[j] }
        Self.scale(out, width, by: 1 / max(square.squareRoot(), 1e-12))
    }

    private static func scale(_ vector: UnsafeMutablePointer<Float>, _ count: Int, by factor: Float) {
        for j in 0..<count { vector[j] *= factor }
    }
}

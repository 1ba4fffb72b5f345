import TurnoutEncoders

/// What each token of a vocabulary counts for in the mean of a text: a / (a + p), p being how often the token occurs.
///
/// The frequency is not counted but taken from Zipf's law, since vocabularies list words from frequent to rare. Arora
/// et al. 2017, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings", equation 1; Mandelbrot 1953.
enum TokenWeights {
    /// Larger than for similarity search: words that show how a question is put carry signal for routing.
    static let a = 1e-2
    /// Single characters at the beginning of a vocabulary stand by code point and not by frequency.
    static let characterFrequency = 1e-3
    /// Mandelbrot's shift of the rank.
    private static let rankShift = 2.7

    /// A weight for each token, 0 to 1; 0 for tokens in square brackets, such as `[PAD]`, which stand for no text.
    ///
    /// - Parameter tokens: The vocabulary in the order of its ids.
    /// - Returns: The weights in the same order.
    static func weights(of tokens: [String]) -> [Double] {
        let standsForText = tokens.map { !($0.hasPrefix("[") && $0.hasSuffix("]") && $0.count > 2) }
        let firstWord =
            tokens.indices.first { standsForText[$0] && tokens[$0].unicodeScalars.count > 1 } ?? tokens.endIndex
        let shares = tokens.indices.map { $0 < firstWord ? 0 : 1 / (Double($0 - firstWord + 1) + rankShift) }
        let total = shares.reduce(0, +)
        return tokens.indices.map { id in
            guard standsForText[id] else { return 0 }
            return a / (a + (id < firstWord ? characterFrequency : shares[id] / total))
        }
    }
}

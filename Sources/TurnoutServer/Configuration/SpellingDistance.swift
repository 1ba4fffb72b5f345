/// Finds what a misspelt word was meant to be.
enum SpellingDistance {
    /// The nearest of some words, unless all are too far off to be meant.
    static func nearest(to word: String, among words: [String]) -> String? {
        words.map { (word: $0, distance: distance(word, $0)) }
            .filter { $0.distance <= max(2, word.count / 3) }
            .min { $0.distance < $1.distance }?.word
    }

    /// Single-character insertions, deletions and replacements between two words.
    ///
    /// Levenshtein 1966.
    static func distance(_ a: String, _ b: String) -> Int {
        let columns = Array(b)
        var row = Array(0...columns.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in columns.enumerated() {
                let replaced = diagonal + (x == y ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[columns.count]
    }
}

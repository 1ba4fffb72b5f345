import TurnoutCore
import TurnoutEncoders
import TurnoutEvaluation
import TurnoutNumerics

/// Counts of a few letters: an encoder small enough to reason about.
struct LetterEncoder: TextEncoder {
    let name = "letters"
    let fingerprint = "00"
    let dimension = 4

    func encode(_ text: String) -> [Float] {
        ["e", "x", "q", "z"].map { letter in Float(text.count { String($0) == letter }) }
    }
}

/// Prompts in which the letter x makes the weak model fail, and y both.
func madeUpRows(_ count: Int, seed: UInt64, score: (Bool) -> Double = { $0 ? 1 : 0 }) -> [OutcomeRow] {
    var random = SeededRandom(seed: seed)
    return (0..<count).map { index in
        let hardness = random.uniform()
        let marks = String(repeating: "x", count: Int(hardness * 6))
        let weak = random.uniform() > 0.1 + 0.8 * hardness
        let strong = random.uniform() > 0.1 + 0.1 * hardness
        var row = OutcomeRow(
            prompt: "prompt \(index) \(marks) " + String(repeating: "e", count: random.next(below: 5)),
            scores: ["weak": score(weak), "strong": score(strong)], line: index + 1)
        row.group = "g\(index % 12)"
        return row
    }
}

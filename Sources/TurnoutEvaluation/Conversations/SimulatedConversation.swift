import Foundation
package import TurnoutNumerics

/// A conversation that was made up: how much is said, when, and how hard it is, but no words.
package struct SimulatedConversation: Sendable, Equatable {
    /// One question and its answer.
    package struct Turn: Sendable, Equatable {
        /// Seconds since the turn before was over; 0 for the first.
        package let pause: Double
        /// New tokens of the prompt: the question, in the first turn instructions and tools as well.
        package let input: Int
        /// Tokens of the answer, whoever gives it.
        package let output: Int
        /// How hard the question is, in logits.
        package let difficulty: Double
    }

    /// In order; at least one.
    package let turns: [Turn]

    /// What conversations are like.
    ///
    /// Lengths are log-normal, given by their median and the standard deviation of their logarithm. Turns are as many
    /// as a coin allows that goes on with the same chance after each. A conversation's difficulty is a standard normal
    /// number, and each question's another one added, times ``wobble``.
    package struct Kind: Sendable, Equatable {
        /// What it is called.
        package let name: String
        /// Tokens of instructions and tools.
        let instructions: Int
        /// Tokens of the first question.
        let first: LogNormal
        /// Tokens of later ones, results of tools included.
        let later: LogNormal
        /// Turns on average.
        let meanTurns: Double

        /// Tokens of an answer: the gateway's prior and its error, by docs/tokens.md.
        static let answer = LogNormal(median: 300, deviation: 0.79)
        /// Seconds between turns: one pause in eighteen is longer than five minutes.
        static let pause = LogNormal(median: 45, deviation: 1.2)
        /// How much questions of one conversation differ in difficulty.
        static let wobble = 0.8

        /// Talk: the questions of MT-Bench, at four characters a token, behind short instructions.
        package static let chat = Kind(
            name: "chat", instructions: 500, first: LogNormal(median: 46, deviation: 0.82),
            later: LogNormal(median: 19, deviation: 0.66), meanTurns: 5)
        /// Work on files: long instructions and tools, and what tools have read with every question.
        package static let agent = Kind(
            name: "agent", instructions: 15_000, first: LogNormal(median: 200, deviation: 1),
            later: LogNormal(median: 2_000, deviation: 1), meanTurns: 15)
    }

    /// A number whose logarithm is normal.
    struct LogNormal: Sendable, Equatable {
        let median: Double
        let deviation: Double

        func draw(using random: inout SeededRandom) -> Double { median * exp(deviation * normal(using: &random)) }
    }

    /// Makes one up.
    package init(_ kind: Kind, using random: inout SeededRandom) {
        let level = normal(using: &random)
        var turns: [Turn] = []
        repeat {
            let question = (turns.isEmpty ? kind.first : kind.later).draw(using: &random)
            turns.append(
                Turn(
                    pause: turns.isEmpty ? 0 : Kind.pause.draw(using: &random),
                    input: (turns.isEmpty ? kind.instructions : 0) + max(1, Int(question.rounded())),
                    output: max(1, Int(Kind.answer.draw(using: &random).rounded())),
                    difficulty: level + Kind.wobble * normal(using: &random)))
        } while random.uniform() < 1 - 1 / kind.meanTurns
        self.turns = turns
    }

    /// Takes turns as they are.
    init(turns: [Turn]) { self.turns = turns }
}

/// A standard normal number (Box and Muller 1958).
private func normal(using random: inout SeededRandom) -> Double {
    let (radius, angle) = (1 - random.uniform(), random.uniform())
    return (-2 * log(radius)).squareRoot() * cos(2 * .pi * angle)
}

import TurnoutCore
import TurnoutEncoders

/// Which tier won how often against which, prompt by prompt.
package struct TierBattles: Sendable {
    /// What two tiers shared on a prompt.
    package struct Share: Sendable {
        /// The tier that won.
        package var winner: Int
        /// The tier that lost.
        package var loser: Int
        /// Wins, ties counting half, in whatever weights.
        package var wins: Float

        /// Bundles all three.
        package init(winner: Int, loser: Int, wins: Float) {
            self.winner = winner
            self.loser = loser
            self.wins = wins
        }
    }

    /// The most players, so that a pair of them fits into a byte.
    package static let mostPlayers = 16

    /// Tiers, and with the reference's quirk one more.
    package let players: Int
    /// The number of prompts.
    package let prompts: Int
    /// The prompt of each share, ascending.
    private let places: [Int32]
    /// Winner and loser of each share, at `winner * players + loser`.
    private let cells: [UInt8]
    /// How often that was.
    private let wins: [Float]

    /// Collects the shares of each prompt; those of one pair are added up.
    package init(players: Int, prompts: [[Share]]) {
        precondition((1...Self.mostPlayers).contains(players), "\(players) players do not fit into a byte")
        var (places, cells, wins) = ([Int32](), [UInt8](), [Float]())
        for (place, shares) in prompts.enumerated() {
            var sums = [Float](repeating: 0, count: players * players)
            for share in shares { sums[share.winner * players + share.loser] += share.wins }
            for (cell, sum) in sums.enumerated() where sum > 0 {
                places.append(Int32(place))
                cells.append(UInt8(cell))
                wins.append(sum)
            }
        }
        (self.players, self.prompts, self.places, self.cells, self.wins) = (players, prompts.count, places, cells, wins)
    }

    /// Wins of each player over each other, every prompt counting as much as its weight.
    ///
    /// - Parameter weights: One for each prompt.
    /// - Returns: Element (winner, loser) at `winner * players + loser`.
    /// - Complexity: O(shares)
    package func winMatrix(weights: [Float]) -> [Double] {
        precondition(weights.count == prompts, "\(weights.count) weights for \(prompts) prompts")
        var sums = [Double](repeating: 0, count: Self.mostPlayers * Self.mostPlayers)
        sums.withUnsafeMutableBufferPointer { sums in
            weights.withUnsafeBufferPointer { weights in
                for share in places.indices {
                    sums[Int(cells[share])] += Double(weights[Int(places[share])] * wins[share])
                }
            }
        }
        return Array(sums.prefix(players * players))
    }
}

extension TierBattles {
    /// Reads tensors `battle_prompts`, `battle_cells` and `battle_wins`, and metadata `players`.
    init(file: SafetensorsFile, prompts: Int) throws {
        let players = file.metadata["players"].flatMap { Int($0) } ?? 0
        let places = try file.tensor("battle_prompts").integers()
        let cells = try file.tensor("battle_cells").integers()
        let wins = try file.finite("battle_wins")
        guard (1...Self.mostPlayers).contains(players), cells.count == places.count, wins.count == places.count,
            places.allSatisfy({ 0 <= $0 && $0 < prompts }), wins.allSatisfy({ $0 >= 0 }),
            cells.allSatisfy({ 0 <= $0 && $0 < players * players })
        else {
            throw TurnoutError(
                .damagedFile, "\(file.name): the tensors of battles do not fit together; train the router again")
        }
        self.players = players
        self.prompts = prompts
        self.places = places.map(Int32.init)
        self.cells = cells.map(UInt8.init)
        self.wins = wins.map(Float.init)
    }

    /// Adds what ``init(file:prompts:)`` reads.
    func store(in file: inout SafetensorsBuilder) throws {
        file.metadata["players"] = String(players)
        try file.add("battle_prompts", int32: places, shape: [places.count])
        try file.add("battle_cells", bytes: cells)
        try file.add("battle_wins", floats: wins, shape: [wins.count])
    }
}

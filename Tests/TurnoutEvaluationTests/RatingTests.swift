import Foundation
import Testing
import TurnoutCore
import TurnoutEvaluation
import TurnoutNumerics

/// Made by Reference/make_rating_goldens.py.
private struct Goldens: Decodable {
    struct Tiering: Decodable {
        let ratings: [Double]
        let tiers: Int
        let sum: Double?
        let reference: [Int]
    }
    struct Fought: Decodable {
        let a, b: Int
        let outcome: Battle.Outcome
        let weight: Double

        init(from decoder: any Decoder) throws {
            var list = try decoder.unkeyedContainer()
            a = try list.decode(Int.self)
            b = try list.decode(Int.self)
            outcome = try list.decode(Battle.Outcome.self)
            weight = try list.decode(Double.self)
        }
    }
    let models: Int
    let battles: [Fought]
    let ratings: [Double]
    let tiers: [Tiering]

    static func load() throws -> Goldens {
        let url = try #require(
            Bundle.module.url(forResource: "ratings", withExtension: "json", subdirectory: "Fixtures"))
        return try JSONDecoder().decode(Goldens.self, from: Data(contentsOf: url))
    }

    var names: [ModelID] { (0..<models).map { ModelID("m\($0)") } }

    func matrix(_ isWanted: (Int) -> Bool = { _ in true }) -> WinMatrix {
        var wins = WinMatrix(models: names)
        for (index, fought) in battles.enumerated() where isWanted(index) {
            wins.add(Battle(names[fought.a], names[fought.b], fought.outcome), weight: fought.weight)
        }
        return wins
    }
}

@Suite("Ratings and tiers")
struct RatingTests {
    private func failure(_ battles: [Battle], _ models: [ModelID]) -> String {
        var wins = WinMatrix(models: models)
        for battle in battles { wins.add(battle) }
        do {
            _ = try wins.ratings()
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    @Test("weighted Bradley–Terry ratings agree with scikit-learn, ties half a win each way")
    func bradleyTerry() throws {
        let golden = try Goldens.load()
        let ratings = try golden.matrix().ratings()
        #expect(zip(ratings, golden.ratings).allSatisfy { abs($0 - $1) < 1e-4 })
        #expect(abs(ratings.reduce(0, +)) < 1e-9)
    }

    @Test("a start elsewhere ends at the same ratings")
    func start() throws {
        let golden = try Goldens.load()
        let wins = golden.matrix().wins
        let plain = try BradleyTerry.ratings(wins: wins, count: golden.models)
        let warm = try BradleyTerry.ratings(
            wins: wins, count: golden.models, start: (0..<golden.models).map { Double($0) - 4 })
        #expect(zip(plain, warm).allSatisfy { abs($0 - $1) < 1e-8 })
    }

    @Test("two models: the rating is the logit of the share, the Elo 400 points for ten to one")
    func twoModels() throws {
        let ratings = try BradleyTerry.ratings(wins: [0, 10, 1, 0], count: 2)
        #expect(abs(ratings[0] - ratings[1] - log(10)) < 1e-9)
        #expect(abs(BradleyTerry.elo(ratings[0]) - 1200) < 1e-6)
    }

    @Test("tiers agree with the reference implementation and with trying all cuts")
    func tiers() throws {
        for golden in try Goldens.load().tiers {
            let tiers = Tiers.assign(golden.ratings, count: golden.tiers)
            let partition = { (tiers: [Int]) in Set(Dictionary(grouping: tiers.indices, by: { tiers[$0] }).values) }
            #expect(partition(tiers) == partition(golden.reference))
            #expect(Set(tiers).sorted() == Array(0..<min(golden.tiers, golden.ratings.count)))
            #expect(tiers.indices.filter { tiers[$0] == 0 }.contains(try #require(strongest(golden.ratings))))
            if let sum = golden.sum { #expect(abs(varianceSum(golden.ratings, tiers) - sum) < 1e-6) }
        }
    }

    private func strongest(_ ratings: [Double]) -> Int? { ratings.indices.max { ratings[$0] < ratings[$1] } }

    private func varianceSum(_ ratings: [Double], _ tiers: [Int]) -> Double {
        Dictionary(grouping: ratings.indices, by: { tiers[$0] }).values.reduce(0) { total, members in
            let values = members.map { ratings[$0] }
            let mean = values.reduce(0, +) / Double(values.count)
            return total + values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        }
    }

    @Test("models that never met are named, set by set")
    func disconnected() {
        let message = failure(
            [Battle("a", "b", .tie), Battle("c", "d", .a), Battle("d", "c", .a)], ["a", "b", "c", "d"])
        #expect(message.contains("2 sets that never met: {a, b}, {c, d}"), "\(message)")
    }

    @Test("models that never won are named; a prior rates them all the same")
    func neverWon() throws {
        let battles = [Battle("a", "b", .tie), Battle("a", "c", .a), Battle("d", "b", .b), Battle("c", "d", .tie)]
        let message = failure(battles, ["a", "b", "c", "d"])
        #expect(message.contains("c, d never won or tied against the other models"), "\(message)")
        var wins = WinMatrix(models: ["a", "b", "c", "d"])
        for battle in battles { wins.add(battle) }
        let table = try EloTable(wins)
        #expect(table.prior == 1 && table.entries.count == 4)
        #expect(table.entries.prefix(2).map(\.model).sorted() == ["a", "b"])
    }

    @Test("the Elo table is in order, its intervals hold the rating and shrink with more battles")
    func table() throws {
        let golden = try Goldens.load()
        let blocks = (0..<10).map { block in golden.matrix { $0 % 10 == block } }
        let table = try EloTable(golden.matrix(), tiers: 3, blocks: blocks)
        #expect(table.prior == 0)
        #expect(zip(table.entries, table.entries.dropFirst()).allSatisfy { $0.elo >= $1.elo && $0.tier <= $1.tier })
        let widths = try table.entries.map { entry in
            let interval = try #require(entry.interval)
            #expect(interval.low < entry.elo && entry.elo < interval.high)
            return interval.high - interval.low
        }
        // Nine models and 400 battles: a standard error of about 40 points.
        #expect(widths.allSatisfy { $0 > 60 && $0 < 500 })
        #expect(try EloTable(golden.matrix()).entries.allSatisfy { $0.interval == nil })
    }

    @Test("rows give a matrix by their comparisons and weights")
    func rows() {
        var battle = OutcomeRow(prompt: "x", battles: [Battle("a", "b", .tie)])
        battle.weight = 4
        let wins = WinMatrix(rows: [battle, OutcomeRow(prompt: "y", scores: ["a": 0, "b": 1])], models: ["a", "b"])
        #expect(wins.wins == [0, 2, 3, 0])
    }
}

import Testing
import TurnoutCore
import TurnoutEvaluation

@Suite("Splits")
struct SplitTests {
    @Test("every row is on one side, and the share is held out")
    func random() throws {
        let split = try Split.random(rows: 50, share: 0.2, seed: 1)
        #expect((split.training + split.test).sorted() == Array(0..<50) && split.test.count == 10)
        #expect(try Split.random(rows: 50, share: 0.2, seed: 1) == split)
        #expect(try Split.random(rows: 50, share: 0.2, seed: 2) != split)
    }

    @Test("a stratified split holds out the share of each class, at least one row")
    func stratified() throws {
        let classes = (0..<44).map { $0 < 4 ? "rare" : "common" }
        let split = try Split.stratified(classes, share: 0.1, seed: 3)
        #expect(split.test.count { $0 < 4 } == 1 && split.test.count { $0 >= 4 } == 4)
    }

    @Test("a grouped split never divides a group")
    func grouped() throws {
        let groups = (0..<60).map { "g\($0 / 6)" }
        let split = try Split.grouped(groups, share: 0.25, seed: 3)
        #expect(Set(split.test.map { groups[$0] }).isDisjoint(with: split.training.map { groups[$0] }))
        #expect(split.test.count == 18)
    }

    @Test("a split by time holds out the newest rows, and never divides a moment")
    func newest() throws {
        let split = try Split.newest([5, 1, 4, 2, 4, 3], share: 0.3)
        #expect(split.test == [0, 2, 4] && split.training == [1, 3, 5])
    }

    @Test("what cannot be split says why")
    func refused() {
        for share in [0, 1, -0.1, Double.nan] {
            let error = #expect(throws: TurnoutError.self) { try Split.random(rows: 9, share: share, seed: 0) }
            #expect(error?.message.contains("choose one between 0 and 1") == true)
        }
        let empty = #expect(throws: TurnoutError.self) { try Split.newest([7, 7, 7], share: 0.3) }
        #expect(empty?.message.contains("one side would be empty") == true)
        let single = #expect(throws: TurnoutError.self) { try Split.stratified(["a", "a", "b"], share: 0.5, seed: 0) }
        #expect(single?.message.contains("class 'b' has one row") == true)
        #expect(throws: TurnoutError.self) { try Split.grouped(["a", "a"], share: 0.5, seed: 0) }
        #expect(throws: TurnoutError.self) { try Split.random(rows: 1, share: 0.2, seed: 0) }
    }
}

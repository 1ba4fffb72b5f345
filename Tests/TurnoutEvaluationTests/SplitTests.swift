import Testing
import TurnoutCore
import TurnoutEvaluation

@Suite("Splits")
struct SplitTests {
    @Test("every row is on one side, and the share of each class is held out, at least one row")
    func stratified() throws {
        let classes = (0..<44).map { $0 < 4 ? "rare" : "common" }
        let split = try Split.stratified(classes, share: 0.1, seed: 3)
        #expect((split.training + split.test).sorted() == Array(0..<44))
        #expect(split.test.count { $0 < 4 } == 1 && split.test.count { $0 >= 4 } == 4)
        #expect(try Split.stratified(classes, share: 0.1, seed: 3) == split)
        #expect(try Split.stratified(classes, share: 0.1, seed: 4) != split)
    }

    @Test("what cannot be split says why")
    func refused() {
        for share in [0, 1, -0.1, Double.nan] {
            let error = #expect(throws: TurnoutError.self) { try Split.stratified(["a", "a"], share: share, seed: 0) }
            #expect(error?.message.contains("choose one between 0 and 1") == true)
        }
        let single = #expect(throws: TurnoutError.self) { try Split.stratified(["a", "a", "b"], share: 0.5, seed: 0) }
        #expect(single?.message.contains("class 'b' has one row") == true)
        #expect(throws: TurnoutError.self) { try Split.stratified([], share: 0.5, seed: 0) }
    }

    @Test("groups are held out whole, never more than the share but for the smallest")
    func grouped() throws {
        let groups = (0..<90).map { "g\($0 % 9)" } + (0..<110).map { _ in "large" }
        let split = try Split.grouped(groups, share: 0.3, seed: 1)
        #expect((split.training + split.test).sorted() == Array(groups.indices))
        #expect(Set(split.training.map { groups[$0] }).isDisjoint(with: split.test.map { groups[$0] }))
        #expect(split.test.count == 60)
        #expect(try Split.grouped(groups, share: 0.3, seed: 1) == split)
        #expect(try Split.grouped(groups, share: 0.3, seed: 2) != split)
        #expect(try Split.grouped(groups, share: 0.01, seed: 1).test.count == 10, "at least one group")
        #expect(throws: TurnoutError.self) { try Split.grouped(["a", "a"], share: 0.5, seed: 0) }
    }

    @Test("the latest rows are held out, those of one time together")
    func latest() throws {
        let split = try Split.latest([3, 1, 4, 1, 5, 9, 2, 6, 5, 3], share: 0.4)
        #expect(split.test == [4, 5, 7, 8], "5, 9, 6 and 5")
        #expect(try Split.latest([1, 2, 2, 2], share: 0.25).test == [1, 2, 3], "one time stays together")
        #expect(try Split.latest([1, 1, 1, 2], share: 0.9).test == [3], "and never all")
        for times in [[], [1.0], [2.0, 2.0]] {
            #expect(throws: TurnoutError.self) { try Split.latest(times, share: 0.5) }
        }
    }
}

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
}

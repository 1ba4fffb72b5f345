import Testing

@testable import TurnoutHub

struct PlanTests {
    private static let replies: [(Int, String?, Int64?, RangeReply)] = [
        (206, "bytes 10-99/100", 90, .append),
        (206, "bytes 10-99/*", 90, .append),
        (206, "bytes 0-99/100", 100, .discard),
        (206, nil, 90, .discard),
        (206, "nonsense", 90, .discard),
        (206, "bytes 10-199/200", 190, .wrongLength(announced: 200)),
        (200, nil, 100, .restart),
        (200, nil, nil, .restart),
        (200, nil, 120, .wrongLength(announced: 120)),
        (416, nil, 0, .discard),
    ]

    @Test("the head of a response says where its body belongs", arguments: replies)
    func rangeReply(status: Int, range: String?, length: Int64?, expected: RangeReply) {
        #expect(
            RangeReply(status: status, contentRange: range, contentLength: length, offset: 10, size: 100) == expected)
    }

    @Test("pauses double up to a limit, are spread by the dice, and respect the hub's wish")
    func schedule() {
        var schedule = RetrySchedule(limit: 9)
        let pauses = (0..<9).map { _ in schedule.pause(random: 1, notBefore: nil) }
        #expect(pauses == [0.5, 1, 2, 4, 8, 16, 20, 20].map { .seconds($0) } + [nil])
        schedule.progressed()
        #expect(schedule.pause(random: 0, notBefore: nil) == .milliseconds(250))
        #expect(schedule.pause(random: 0, notBefore: .seconds(9)) == .seconds(9))
    }

    @Test("the bar is drawn ten times a second at most, within its width, and knows the time left")
    func bar() {
        var meter = TransferMeter(style: .bar(width: 80))
        #expect(
            meter.handle(.planned(files: 2, bytes: 100_000_000), elapsed: .zero)
                == "[------------------------------]   0 %  0 bytes of 100 MB  0 of 2 files")
        #expect(meter.handle(.moved(bytes: 1, fromNetwork: true), elapsed: .milliseconds(50)) == nil)
        let line = meter.handle(.moved(bytes: 49_999_999, fromNetwork: true), elapsed: .seconds(5))
        #expect(line == "[##########-----------]  50 %  50 MB of 100 MB  10 MB/s  5 s left  0 of 2 files")
        #expect(line?.count ?? 99 < 80)
        var narrow = TransferMeter(style: .bar(width: 20))
        #expect(narrow.handle(.planned(files: 2, bytes: 100), elapsed: .zero)?.count == 19)
    }

    @Test("elsewhere there is a line every ten seconds, and one for each new try")
    func lines() {
        var meter = TransferMeter(style: .lines)
        #expect(meter.handle(.planned(files: 1, bytes: 100_000), elapsed: .zero) == nil)
        #expect(meter.handle(.moved(bytes: 10_000, fromNetwork: false), elapsed: .seconds(9)) == nil)
        #expect(
            meter.handle(.moved(bytes: 40_000, fromNetwork: true), elapsed: .seconds(10))
                == " 50 %  50 kB of 100 kB  0 of 1 files")
        #expect(meter.handle(.finished(file: "a"), elapsed: .seconds(11)) == nil)
        let again = meter.handle(
            .retrying(what: "a", reason: "the hub fell silent", pause: .milliseconds(1500)), elapsed: .seconds(12))
        #expect(again == "a: the hub fell silent; trying again in 1.5 s")
        let waiting = meter.handle(.waiting(file: "a"), elapsed: .seconds(12))
        #expect(waiting == "a: someone else is downloading it; waiting")
    }

    @Test(
        "sizes are written as people read them",
        arguments: [
            (0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (90_868_376, "91 MB"), (999_600, "1.0 MB"),
            (5_000_000_000_000, "5.0 TB"),
        ])
    func sizes(bytes: Int64, text: String) { #expect(ByteCount.text(bytes) == text) }
}

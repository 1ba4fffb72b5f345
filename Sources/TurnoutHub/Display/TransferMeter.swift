import Foundation

/// Turns the events of a download into lines for a display: how far, how fast, how long to go.
package struct TransferMeter: Sendable {
    /// Where the lines go.
    package enum Style: Sendable, Equatable {
        /// One line, drawn again ten times a second, this many characters wide.
        case bar(width: Int)
        /// A line of its own every ten seconds.
        case lines
    }

    private let style: Style
    private var (files, finished) = (0, 0)
    private var (done, total): (Int64, Int64) = (0, 0)
    private var received: Int64 = 0
    private var lastDrawn: Duration?
    private var lastMeasured: (time: Duration, received: Int64)?
    private var speed: Double?

    /// Starts empty.
    package init(style: Style) { self.style = style }

    /// Takes note of an event.
    ///
    /// - Parameters:
    ///   - event: What happened.
    ///   - elapsed: Time since the start.
    /// - Returns: What to show now; `nil` when it is too soon to show something again.
    package mutating func handle(_ event: PullEvent, elapsed: Duration) -> String? {
        switch event {
        case .planned(let files, let bytes): (self.files, total) = (files, bytes)
        case .moved(let bytes, let fromNetwork):
            done += bytes
            if fromNetwork { received += bytes }
        case .finished: finished += 1
        case .waiting(let file):
            return sentence("\(file): someone else is downloading it; waiting", elapsed)
        case .retrying(let what, let reason, let pause):
            return sentence(
                "\(what): \(reason); trying again in \(String(format: "%.1f", pause / .seconds(1))) s", elapsed)
        }
        guard isDue(elapsed) else { return nil }
        lastDrawn = elapsed
        measure(elapsed)
        return line()
    }

    /// A sentence, which on a terminal stands where the bar was until the bar is drawn again.
    private mutating func sentence(_ text: String, _ elapsed: Duration) -> String {
        guard case .bar(let width) = style else { return text }
        lastDrawn = elapsed
        return String(text.prefix(max(0, width - 1)))
    }

    private func isDue(_ elapsed: Duration) -> Bool {
        switch style {
        case .bar: lastDrawn.map { elapsed - $0 >= .milliseconds(100) } ?? true
        // The first line comes when there is something to tell: short downloads end before.
        case .lines: elapsed - (lastDrawn ?? .zero) >= .seconds(10)
        }
    }

    /// The speed of the last seconds: a moving average with a time constant of three.
    private mutating func measure(_ elapsed: Duration) {
        guard let last = lastMeasured else {
            lastMeasured = (elapsed, received)
            return
        }
        let seconds = (elapsed - last.time) / .seconds(1)
        guard seconds > 0 else { return }
        let current = Double(received - last.received) / seconds
        let weight = 1 - exp(-seconds / 3)
        speed = speed.map { $0 + weight * (current - $0) } ?? current
        lastMeasured = (elapsed, received)
    }

    private func line() -> String {
        let share = total > 0 ? min(1, max(0, Double(done) / Double(total))) : 0
        var parts = [
            String(format: "%3.0f %%", (share * 100).rounded(.down)),
            "\(ByteCount.text(done)) of \(ByteCount.text(total))",
        ]
        if let speed, speed >= 1 {
            parts.append("\(ByteCount.text(Int64(speed)))/s")
            if done < total { parts.append("\(Self.time(Double(total - done) / speed)) left") }
        }
        parts.append("\(finished) of \(files) files")
        let text = parts.joined(separator: "  ")
        guard case .bar(let width) = style else { return text }
        let room = min(30, width - text.count - 4)
        guard room >= 5 else { return String(text.prefix(max(0, width - 1))) }
        let filled = Int((share * Double(room)).rounded(.down))
        return "[" + String(repeating: "#", count: filled) + String(repeating: "-", count: room - filled) + "] " + text
    }

    private static func time(_ seconds: Double) -> String {
        guard seconds < 360_000 else { return "days" }
        let seconds = Int(seconds.rounded(.up))
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<3600: return "\(seconds / 60) min \(seconds % 60) s"
        default: return "\(seconds / 3600) h \(seconds / 60 % 60) min"
        }
    }
}

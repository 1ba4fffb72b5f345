import Foundation
import HTTPTypes

/// How long a provider asks to be left alone, in the forms in which they say so.
enum RetryAfter {
    /// What a refusal asks for: `retry-after-ms`, `retry-after` in seconds or as a date, else the time at which the
    /// exhausted one of the provider's own limits is full again.
    ///
    /// - Parameters:
    ///   - headers: The provider's.
    ///   - now: The time of day, for dates.
    /// - Returns: `nil` when nothing is asked for; zero when the time is past.
    static func read(_ headers: HTTPFields, now: Date) -> Duration? {
        if let text = headers.first("retry-after-ms"), let value = Double(text) { return duration(value / 1000) }
        if let text = headers.first("retry-after") {
            if let seconds = Double(text) { return duration(seconds) }
            if let date = date(text) { return duration(date.timeIntervalSince(now)) }
        }
        return exhausted(headers, now: now)
    }

    /// The wait until a limit is full again of which nothing is left, as the headers of any response say.
    static func exhausted(_ headers: HTTPFields, now: Date) -> Duration? {
        var longest: Duration?
        for what in ["requests", "tokens"] {
            for (remaining, reset) in [
                ("x-ratelimit-remaining-\(what)", "x-ratelimit-reset-\(what)"),
                ("anthropic-ratelimit-\(what)-remaining", "anthropic-ratelimit-\(what)-reset"),
            ] where headers.first(remaining).flatMap({ Double($0) }).map({ $0 <= 0 }) ?? false {
                guard let text = headers.first(reset), let wait = wait(text, now: now) else { continue }
                longest = max(longest ?? .zero, wait)
            }
        }
        return longest
    }

    /// `20ms`, `1s`, `6m0s`, a number of seconds, or a date as in RFC 3339.
    private static func wait(_ text: String, now: Date) -> Duration? {
        if let seconds = Double(text) { return duration(seconds) }
        if let date = try? Date(text, strategy: .iso8601) { return duration(date.timeIntervalSince(now)) }
        guard let match = text.wholeMatch(of: #/(?:(\d+)h)?(?:(\d+)m)?(?:([\d.]+)s)?(?:([\d.]+)ms)?/#) else {
            return nil
        }
        func number(_ part: Substring?) -> Double { part.flatMap { Double($0) } ?? 0 }
        let (hours, minutes, seconds, milliseconds) =
            (number(match.1), number(match.2), number(match.3), number(match.4))
        return duration(hours * 3600 + minutes * 60 + seconds + milliseconds / 1000)
    }

    /// A date as in RFC 9110, section 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func date(_ text: String) -> Date? {
        guard let match = text.wholeMatch(of: #/\w{3}, (\d{2}) (\w{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT/#) else {
            return nil
        }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard let month = months.firstIndex(of: String(match.2)) else { return nil }
        var parts = DateComponents()
        (parts.year, parts.month, parts.day) = (Int(match.3), month + 1, Int(match.1))
        (parts.hour, parts.minute, parts.second) = (Int(match.4), Int(match.5), Int(match.6))
        parts.timeZone = .gmt
        return Calendar(identifier: .gregorian).date(from: parts)
    }

    /// At least nothing and at most a day.
    private static func duration(_ seconds: Double) -> Duration? {
        seconds.isFinite ? .seconds(min(max(seconds, 0), 86_400)) : nil
    }

    /// Whole seconds for a header, rounded up, so that nobody comes back too early.
    static func header(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        return String(max(seconds + (attoseconds > 0 ? 1 : 0), 1))
    }
}

extension HTTPFields {
    /// The first value of a field, by its name in lower case.
    func first(_ name: String) -> String? { first { $0.name.canonicalName == name }?.value }
}

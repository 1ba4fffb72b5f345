import Foundation

/// Reads when something happened.
package enum TimeStamp {
    /// Seconds since 1970 of a date in ISO 8601, such as `2024-05-01`, `2024-05-01 12:30:00` or
    /// `2024-05-01T12:30:00.5+02:00`, in UTC unless it says otherwise; a plain number stands for itself.
    package static func seconds(_ value: Any) -> Double? {
        if let number = value as? NSNumber { return number.doubleValue.isFinite ? number.doubleValue : nil }
        guard let text = (value as? String)?.trimmingCharacters(in: .whitespaces), !text.isEmpty else { return nil }
        if let number = Double(text) { return number.isFinite ? number : nil }
        return date(text)?.timeIntervalSince1970
    }

    private static func date(_ text: String) -> Date? {
        let day = Date.ISO8601FormatStyle().year().month().day()
        guard text.utf8.count > 10 else { return try? day.parse(text) }
        var moment = text.replacing(" ", with: "T", maxReplacements: 1)
        if moment.firstMatch(of: /(Z|z|[+-]\d\d:?\d\d)$/) == nil { moment += "Z" }
        let whole = Date.ISO8601FormatStyle()
        return (try? whole.parse(moment))
            ?? (try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(moment))
    }
}

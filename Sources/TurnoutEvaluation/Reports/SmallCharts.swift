import Foundation

/// An interval on a line, to stand in a cell of a table.
struct IntervalStrip {
    let low: Double
    let high: Double
    /// Where a vertical line is drawn.
    let reference: Double?

    func svg(_ interval: Interval) -> String {
        let axis = ChartAxis(low: low, high: high, start: 6, end: 154)
        func at(_ value: Double) -> String { Markup.point(axis.pixel(min(max(value, low), high))) }
        let line = reference.map { "<line class=\"ref\" x1=\"\(at($0))\" x2=\"\(at($0))\" y1=\"0\" y2=\"20\"/>" } ?? ""
        return """
            <svg class="strip" viewBox="0 0 160 20" aria-hidden="true">\(line)<line class="bar" x1="\(at(interval.low))" \
            x2="\(at(interval.high))" y1="10" y2="10"/><circle cx="\(at(interval.value))" cy="10" r="4"/></svg>
            """
    }
}

/// Mean outcomes with intervals against mean estimates; on the diagonal every estimate means what it says.
struct ReliabilityChart {
    let title: String
    let table: CalibrationTable

    var svg: String {
        let bins = table.bins
        let values = bins.flatMap { [$0.predicted, $0.observed.low, $0.observed.high] }
        let (low, high) = (min(values.min() ?? 0, 0), max(values.max() ?? 1, 1))
        let x = ChartAxis(low: low, high: high, start: 40, end: 232)
        let y = ChartAxis(low: low, high: high, start: 204, end: 12)
        let marks = bins.map { bin in
            let at = Markup.point(x.pixel(bin.predicted))
            return """
                <line class="bar" x1="\(at)" x2="\(at)" y1="\(Markup.point(y.pixel(bin.observed.low)))" \
                y2="\(Markup.point(y.pixel(bin.observed.high)))"/><circle cx="\(at)" \
                cy="\(Markup.point(y.pixel(bin.observed.value)))" r="3.6"><title>\(bin.count) prompts: estimated \
                \(FigureText.number(bin.predicted)), came true \(FigureText.interval(bin.observed))</title></circle>
                """
        }
        let ticks = x.ticks(4).map { tick in
            let label = high > 2 ? String(format: "%.0f", tick) : String(format: "%.2g", tick)
            return """
                <text x="\(Markup.point(x.pixel(tick)))" y="222" text-anchor="middle">\(label)</text>\
                <text x="34" y="\(Markup.point(y.pixel(tick)))" dy=".32em" text-anchor="end">\(label)</text>
                """
        }
        return """
            <figure><svg class="reliability" viewBox="0 0 240 230" role="img" aria-label="Calibration">\
            <rect x="40" y="12" width="192" height="192"/><line class="ref" x1="40" y1="204" x2="232" y2="12"/>\
            \(ticks.joined())\(marks.joined())</svg><figcaption>\(Markup.escape(title))</figcaption></figure>
            """
    }
}

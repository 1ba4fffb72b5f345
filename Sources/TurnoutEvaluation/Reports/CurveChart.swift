import Foundation

/// A picture of quality against cost: a line and a band for each router, thinner lines for baselines, dots for models.
struct CurveChart {
    /// One line.
    struct Line {
        let name: String
        let points: [(x: Double, y: Interval)]
        /// Baselines are drawn grey, without a band.
        let isBaseline: Bool
        /// The oracle may leave the picture at the top; the scale is made for the others.
        var mayLeave = false
    }

    /// One model by itself.
    struct Dot {
        let name: String
        let x: Double
        let y: Double
    }

    let title: String
    let xTitle: String
    let yTitle: String
    let lines: [Line]
    let dots: [Dot]
    let xLabel: (Double) -> String
    /// A second scale on the right, such as the share of the gap for each quality.
    var rightLabel: ((Double) -> String)?
    var rightTicks: [Double] = []

    private static let width = 860.0
    private static let (left, right, plotHeight) = (64.0, 64.0, 360.0)

    /// The picture as one SVG element, which carries its own colours for light and dark.
    var svg: String {
        let legend = legendRows
        let top = 18 + Double(legend.count) * 22
        let height = top + Self.plotHeight + 52
        let (x, y) = axes(top: top)
        let baselines = lines.filter(\.isBaseline), routers = lines.filter { !$0.isBaseline }
        let drawn =
            routers.enumerated().map { band($1, $0, x, y) }
            + baselines.enumerated().map { path($1, "b\($0 % 4)", x, y) }
            + routers.enumerated().reversed().map { path($1, "s\($0 % 6)", x, y) }
        return """
            <svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(height))" \
            role="img" aria-label="\(Markup.escape(title))" font-family="system-ui, sans-serif" font-size="13">
            <title>\(Markup.escape(title))</title>
            <style>\(Self.style)</style>
            <rect class="paper" width="100%" height="100%"/>
            \(draw(legend))
            \(grid(x, y))
            <clipPath id="plot-\(identifier)"><rect x="\(x.start)" y="\(top)" width="\(x.end - x.start)" \
            height="\(Self.plotHeight)"/></clipPath>
            <g clip-path="url(#plot-\(identifier))">\(drawn.joined(separator: "\n"))</g>
            \(draw(dots, x, y))
            </svg>
            """
    }

    /// Names inside the picture must be unique on a page.
    private var identifier: String { xTitle.filter(\.isLetter).lowercased() }

    // MARK: - Scales

    private func axes(top: Double) -> (ChartAxis, ChartAxis) {
        let xs = lines.flatMap { $0.points.map(\.x) } + dots.map(\.x)
        let kept = lines.filter { !$0.mayLeave }.flatMap { line in
            line.points.flatMap { line.isBaseline ? [$0.y.value] : [$0.y.low, $0.y.high] }
        }
        let ys = (kept + dots.map(\.y)).filter(\.isFinite)
        let (low, high) = (ys.min() ?? 0, ys.max() ?? 1)
        let margin = max(high - low, 1e-9) * 0.06
        return (
            ChartAxis(low: xs.min() ?? 0, high: xs.max() ?? 1, start: Self.left, end: Self.width - Self.right),
            ChartAxis(low: low - margin, high: high + margin, start: top + Self.plotHeight, end: top)
        )
    }

    private func grid(_ x: ChartAxis, _ y: ChartAxis) -> String {
        let decimals = y.high - y.low < 0.05 ? 3 : 2
        var parts = y.ticks().map { tick in
            let at = Markup.point(y.pixel(tick))
            return """
                <line class="grid" x1="\(x.start)" x2="\(x.end)" y1="\(at)" y2="\(at)"/><text class="muted" \
                x="\(x.start - 10)" y="\(at)" dy=".32em" text-anchor="end">\(String(format: "%.\(decimals)f", tick))</text>
                """
        }
        parts += x.ticks().map { tick in
            let at = Markup.point(x.pixel(tick))
            return """
                <line class="grid" x1="\(at)" x2="\(at)" y1="\(y.start)" y2="\(y.start + 5)"/><text class="muted" \
                x="\(at)" y="\(y.start + 21)" text-anchor="middle">\(Markup.escape(xLabel(tick)))</text>
                """
        }
        if let rightLabel {
            parts += rightTicks.filter { $0 >= y.low && $0 <= y.high }.map { tick in
                """
                <text class="muted" x="\(x.end + 10)" y="\(Markup.point(y.pixel(tick)))" \
                dy=".32em">\(Markup.escape(rightLabel(tick)))</text>
                """
            }
        }
        let middle = (x.start + x.end) / 2, side = (y.start + y.end) / 2
        parts.append("<line class=\"axis\" x1=\"\(x.start)\" x2=\"\(x.end)\" y1=\"\(y.start)\" y2=\"\(y.start)\"/>")
        parts.append(
            """
            <text class="ink" x="\(middle)" y="\(y.start + 43)" text-anchor="middle">\(Markup.escape(xTitle))</text>
            <text class="ink" transform="translate(16 \(side)) rotate(-90)" \
            text-anchor="middle">\(Markup.escape(yTitle))</text>
            """)
        return parts.joined(separator: "\n")
    }

    // MARK: - Marks

    private func path(_ line: Line, _ style: String, _ x: ChartAxis, _ y: ChartAxis) -> String {
        let points = line.points.filter { $0.y.value.isFinite }.map { point in
            "\(Markup.point(x.pixel(point.x))),\(Markup.point(y.pixel(point.y.value)))"
        }
        return "<polyline class=\"line \(style)\" points=\"\(points.joined(separator: " "))\"/>"
    }

    private func band(_ line: Line, _ number: Int, _ x: ChartAxis, _ y: ChartAxis) -> String {
        let known = line.points.filter { $0.y.low.isFinite && $0.y.high.isFinite }
        let edge =
            known.map { (x.pixel($0.x), y.pixel($0.y.high)) }
            + known.reversed().map { (x.pixel($0.x), y.pixel($0.y.low)) }
        let points = edge.map { "\(Markup.point($0.0)),\(Markup.point($0.1))" }
        return "<polygon class=\"band s\(number % 6)\" points=\"\(points.joined(separator: " "))\"/>"
    }

    /// Circles, and beside each its name where there is room, the best models first.
    private func draw(_ dots: [Dot], _ x: ChartAxis, _ y: ChartAxis) -> String {
        var taken = dots.map { Box(x: x.pixel($0.x) - 6, y: y.pixel($0.y) - 6, width: 12, height: 12) }
        return dots.sorted { ($0.y, $1.name) > ($1.y, $0.name) }.map { dot in
            let (px, py) = (x.pixel(dot.x), y.pixel(dot.y))
            let circle = """
                <circle class="dot" cx="\(Markup.point(px))" cy="\(Markup.point(py))" r="4.5"><title>\
                \(Markup.escape(dot.name))</title></circle>
                """
            let label = dot.name.count > 42 ? "…" + dot.name.suffix(41) : dot.name[...]
            let width = Double(label.count) * 6.6
            let places = [(9.0, 4.0), (-9 - width, 4), (9, 16), (-9 - width, 16), (9, -8), (-9 - width, -8)].map {
                Box(x: px + $0.0, y: py + $0.1 - 11, width: width, height: 14)
            }
            let free = places.first { place in
                place.x >= x.start && place.x + width <= Self.width && place.y + 14 <= y.start
                    && !taken.contains { $0.overlaps(place) }
            }
            guard let free else { return circle }
            taken.append(free)
            return circle + """
                <text class="label" x="\(Markup.point(free.x))" y="\(Markup.point(free.y + 11))">\
                \(Markup.escape(String(label)))</text>
                """
        }.joined(separator: "\n")
    }

    private struct Box {
        let x, y, width, height: Double

        func overlaps(_ other: Box) -> Bool {
            x < other.x + other.width && other.x < x + width && y < other.y + other.height && other.y < y + height
        }
    }

    // MARK: - Legend

    private struct Key {
        let name: String
        let style: String
        let x: Double
    }

    /// Names with samples of their lines, as many in a row as fit.
    private var legendRows: [[Key]] {
        var (rows, x) = ([[Key]()], Self.left)
        var (routers, baselines) = (0, 0)
        for line in lines {
            let style = line.isBaseline ? "b\(baselines % 4)" : "s\(routers % 6)"
            if line.isBaseline { baselines += 1 } else { routers += 1 }
            let width = 46 + Double(line.name.count) * 7.2
            if x + width > Self.width - 10, !rows[rows.count - 1].isEmpty {
                rows.append([])
                x = Self.left
            }
            rows[rows.count - 1].append(Key(name: line.name, style: style, x: x))
            x += width
        }
        return rows
    }

    private func draw(_ rows: [[Key]]) -> String {
        rows.enumerated().flatMap { row, keys in
            keys.map { key in
                let y = 16 + Double(row) * 22
                return """
                    <line class="line \(key.style)" x1="\(Markup.point(key.x))" x2="\(Markup.point(key.x + 24))" y1="\(y)" \
                    y2="\(y)"/><text class="ink" x="\(Markup.point(key.x + 30))" y="\(y)" dy=".32em">\
                    \(Markup.escape(key.name))</text>
                    """
            }
        }.joined(separator: "\n")
    }

    /// Colours that people who do not see red and green can tell apart, in light and in dark.
    static let style = """
        svg.chart{--paper:#fff;--ink:#1c2430;--muted:#647084;--grid:#e6e9ee;--axis:#9aa4b2;--base:#8a94a3;\
        --c0:#0a6ebd;--c1:#d2600f;--c2:#0f8a6b;--c3:#a0489f;--c4:#9a7400;--c5:#c2314e}\
        @media(prefers-color-scheme:dark){svg.chart{--paper:#141920;--ink:#e7ebf0;--muted:#98a3b3;--grid:#262d38;\
        --axis:#566173;--base:#7d8898;--c0:#58a8f0;--c1:#f08c4a;--c2:#45c3a0;--c3:#d58ad3;--c4:#d8b13f;--c5:#f0738b}}\
        .paper{fill:var(--paper)}.ink{fill:var(--ink)}.muted{fill:var(--muted)}.grid{stroke:var(--grid)}\
        .axis{stroke:var(--axis)}.line{fill:none;stroke-width:2.4;stroke-linejoin:round;stroke-linecap:round}\
        .dot{fill:var(--paper);stroke:var(--ink);stroke-width:2}\
        .label{fill:var(--ink);font-size:12px;paint-order:stroke;stroke:var(--paper);stroke-width:4px;\
        stroke-linejoin:round}\
        .s0{stroke:var(--c0);fill:var(--c0)}.s1{stroke:var(--c1);fill:var(--c1)}.s2{stroke:var(--c2);fill:var(--c2)}\
        .s3{stroke:var(--c3);fill:var(--c3)}.s4{stroke:var(--c4);fill:var(--c4)}.s5{stroke:var(--c5);fill:var(--c5)}\
        .line.s0,.line.s1,.line.s2,.line.s3,.line.s4,.line.s5{fill:none}\
        .band.s0,.band.s1,.band.s2,.band.s3,.band.s4,.band.s5{stroke:none;fill-opacity:.14}\
        .b0,.b1,.b2,.b3{stroke:var(--base);stroke-width:1.7}.b0{stroke-dasharray:1 5}.b1{stroke-dasharray:7 5}\
        .b2{stroke-dasharray:12 4 2 4}.b3{stroke-width:1.2}
        """
}

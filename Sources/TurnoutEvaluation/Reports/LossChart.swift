/// How the loss of a training run fell: every step in grey, and the mean of its neighbours.
package enum LossChart {
    /// The picture as one SVG element.
    ///
    /// - Parameter losses: The loss of each step, at least one.
    /// - Returns: The element.
    /// - Complexity: O(steps)
    package static func svg(_ losses: [Double]) -> String {
        let reach = max(1, losses.count / 40)
        let smooth = losses.indices.map { step in
            let near = losses[max(0, step - reach)...min(losses.count - 1, step + reach)]
            return near.reduce(0, +) / Double(near.count)
        }
        func line(_ name: String, _ values: [Double], isBaseline: Bool) -> CurveChart.Line {
            CurveChart.Line(
                name: name,
                points: values.enumerated().map { (Double($0 + 1), Interval(value: $1, low: $1, high: $1)) },
                isBaseline: isBaseline)
        }
        return CurveChart(
            title: "The loss of each step", xTitle: "Step", yTitle: "Loss",
            lines: [
                line("mean of neighbours", smooth, isBaseline: false), line("each step", losses, isBaseline: true),
            ],
            dots: [], xLabel: { "\(Int($0.rounded()))" }
        ).svg
    }
}

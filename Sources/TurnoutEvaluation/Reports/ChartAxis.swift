import Foundation

/// A scale of a chart: from values to pixels, with round numbers marked.
struct ChartAxis {
    let low: Double
    let high: Double
    /// Pixels of ``low`` and ``high``.
    let start: Double
    let end: Double

    func pixel(_ value: Double) -> Double { start + (value - low) / max(high - low, 1e-300) * (end - start) }

    /// Round numbers inside, about `count` of them: steps of 1, 2 or 5 times a power of ten.
    func ticks(_ count: Int = 6) -> [Double] {
        guard high > low else { return [low] }
        let rough = (high - low) / Double(count)
        let power = pow(10, log10(rough).rounded(.down))
        let step = power * ([1, 2, 5, 10].first { $0 * power >= rough * 0.999 } ?? 10)
        let (first, last) = ((low / step - 1e-9).rounded(.up), (high / step + 1e-9).rounded(.down))
        return first <= last ? (Int(first)...Int(last)).map { Double($0) * step } : []
    }
}

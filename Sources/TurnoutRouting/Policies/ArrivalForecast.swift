/// How many requests are still to come in a period: judged by those that have come, and by when they came in the last
/// period.
///
/// If by this time of the last period a share F of its requests had come, and n have come in this one, N = n / F are to be
/// expected altogether. The first period takes F as the share of time that has passed. Later ones weigh in the last
/// period's number like ``weight`` requests, since at the beginning n and F say little.
struct ArrivalForecast: Sendable, Equatable {
    /// Parts of a period: quarters of an hour of a day.
    private static let parts = 96
    private static let weight = 20.0

    private var counts = [Int](repeating: 0, count: parts)
    /// Requests of this period.
    private(set) var count = 0
    /// Requests of the last period that had any.
    private var lastCount = 0
    /// The share of them that had come by the end of each part, beginning with 0; empty in the first period.
    private var lastShares: [Double] = []

    /// Takes a request.
    ///
    /// - Parameter place: When it comes; 0 is the beginning of the period and 1 its end.
    mutating func arrive(at place: Double) {
        counts[min(max(Int(place * Double(Self.parts)), 0), Self.parts - 1)] += 1
        count += 1
    }

    /// Begins the next period.
    mutating func startPeriod() {
        guard count > 0 else { return }
        var sum = 0
        lastShares =
            [0]
            + counts.map { part in
                sum += part
                return Double(sum) / Double(count)
            }
        lastCount = count
        counts = [Int](repeating: 0, count: Self.parts)
        count = 0
    }

    /// Requests that are to be expected from here to the end of the period, no fewer than one; `nil` while there is
    /// nothing to go by.
    func remaining(at place: Double) -> Double? {
        let passed = share(by: min(max(place, 0), 1))
        guard lastCount > 0 else {
            return count > 1 ? max(Double(count) / max(passed, 1e-9) * (1 - passed), 1) : nil
        }
        let total = (Double(count) + Self.weight) / (passed + Self.weight / Double(lastCount))
        return max(total * (1 - passed), 1)
    }

    /// The share of a period's requests that come by that time.
    private func share(by place: Double) -> Double {
        guard !lastShares.isEmpty else { return place }
        let position = place * Double(Self.parts)
        let part = min(Int(position), Self.parts - 1)
        return lastShares[part] + (lastShares[part + 1] - lastShares[part]) * (position - Double(part))
    }
}

/// Minimises a smooth function by L-BFGS in a metric of one's choice.
///
/// Nocedal and Wright 2006, algorithm 7.4, with a solve in place of its diagonal: where the metric is near to the
/// Hessian, ten steps do what a thousand of gradient descent would not.
package enum QuasiNewton {
    /// Finds a minimum near to where it starts.
    ///
    /// - Parameters:
    ///   - start: Where to begin.
    ///   - tolerance: The decrease that the next step still promises, at which to stop.
    ///   - iterations: The most steps to take.
    ///   - metric: Multiplies a gradient by an approximate inverse Hessian, symmetric and positive definite.
    ///   - objective: The function's value and gradient.
    /// - Returns: The point it arrived at; `nil` when a number was not finite.
    /// - Complexity: One to a few calls of `objective` and one of `metric` a step.
    package static func minimise(
        from start: [Double], tolerance: Double, iterations: Int = 100, metric: ([Double]) -> [Double],
        objective: ([Double]) -> (value: Double, gradient: [Double])
    ) -> [Double]? {
        var point = start
        var (value, gradient) = objective(point)
        var memory = CurvatureMemory(limit: 10)
        for _ in 0..<iterations {
            let direction = memory.direction(for: gradient, metric: metric)
            let slope = inner(direction, gradient)
            guard slope.isFinite else { return nil }
            if -slope <= tolerance { break }
            var step = 1.0
            var accepted: (point: [Double], value: Double, gradient: [Double])?
            for _ in 0..<30 {
                let candidate = zip(point, direction).map { $0 + step * $1 }
                let (newValue, newGradient) = objective(candidate)
                if newValue <= value + 1e-4 * step * slope {
                    accepted = (candidate, newValue, newGradient)
                    break
                }
                step /= 2
            }
            guard let accepted else { break }  // the optimum, to the precision of the function
            memory.learn(
                step: zip(accepted.point, point).map { $0 - $1 },
                change: zip(accepted.gradient, gradient).map { $0 - $1 })
            (point, value, gradient) = accepted
        }
        return point
    }
}

/// The last few steps of L-BFGS and what the gradient did along them.
private struct CurvatureMemory {
    let limit: Int
    private var pairs: [(step: [Double], change: [Double], inverse: Double)] = []

    init(limit: Int) { self.limit = limit }

    mutating func learn(step: [Double], change: [Double]) {
        let curvature = inner(step, change)
        guard curvature > 1e-12 * inner(change, change).squareRoot() * inner(step, step).squareRoot() else { return }
        pairs.append((step, change, 1 / curvature))
        if pairs.count > limit { pairs.removeFirst() }
    }

    /// Minus the inverse Hessian times the gradient.
    func direction(for gradient: [Double], metric: ([Double]) -> [Double]) -> [Double] {
        var q = gradient
        var shares: [Double] = []
        for pair in pairs.reversed() {
            let share = pair.inverse * inner(pair.step, q)
            shares.append(share)
            for j in q.indices { q[j] -= share * pair.change[j] }
        }
        var r = metric(q)
        for (pair, share) in zip(pairs, shares.reversed()) {
            let correction = share - pair.inverse * inner(pair.change, r)
            for j in r.indices { r[j] += correction * pair.step[j] }
        }
        return r.map { -$0 }
    }
}

private func inner(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for i in a.indices { sum += a[i] * b[i] }
    return sum
}

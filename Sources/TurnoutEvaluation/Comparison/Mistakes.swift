import TurnoutCore

/// Finds the prompts on which a router erred most.
enum Mistakes {
    /// The worst first: by what was lost, times how sure the router was.
    static func worst(of router: RouterPredictions, on data: EvaluationData, most: Int = 10) -> [Mistake] {
        let found = data.models.count == 2 ? betweenTwo(router, data) : amongMany(router, data)
        return Array(
            found.sorted { ($0.loss * $0.confidence, $1.row) > ($1.loss * $1.confidence, $0.row) }.prefix(most))
    }

    /// Sure of the weak model means ranked low, sure of the strong one ranked high.
    private static func betweenTwo(_ router: RouterPredictions, _ data: EvaluationData) -> [Mistake] {
        let rank = ranks(router.pairScores)
        return data.rows.indices.compactMap { row in
            let gap = data.scores[1][row] - data.scores[0][row]
            guard gap != 0 else { return nil }
            let (better, sent) = gap > 0 ? (1, 0) : (0, 1)
            return Mistake(
                row: row, sent: data.models[sent], better: data.models[better], loss: abs(gap),
                confidence: gap > 0 ? 1 - rank[row] : rank[row])
        }
    }

    /// Sure of a model means that its estimate stands far above that of the better one.
    private static func amongMany(_ router: RouterPredictions, _ data: EvaluationData) -> [Mistake] {
        func greatest(_ values: [[Double]], _ row: Int) -> Int {
            values.indices.max { (values[$0][row], $0) < (values[$1][row], $1) } ?? 0
        }
        let choices = data.rows.indices.map { (greatest(router.estimates, $0), greatest(data.scores, $0)) }
        let rank = ranks(
            data.rows.indices.map { row in
                router.estimates[choices[row].0][row] - router.estimates[choices[row].1][row]
            })
        return data.rows.indices.compactMap { row in
            let (sent, better) = choices[row]
            let loss = data.scores[better][row] - data.scores[sent][row]
            guard loss > 0 else { return nil }
            return Mistake(
                row: row, sent: data.models[sent], better: data.models[better], loss: loss, confidence: rank[row])
        }
    }

    /// The place of each value among all, 0…1; equals share the middle of their places.
    private static func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var result = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start
            while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
            for query in order[start..<end] { result[query] = Double(start + end) / 2 / Double(values.count) }
            start = end
        }
        return result
    }
}

/// How often each of some names occurs; names beyond the first ten thousand are passed over.
struct Tally: Sendable {
    private static let limit = 10_000
    private(set) var counts: [String: Int] = [:]

    mutating func add(_ name: String) {
        if counts[name] != nil || counts.count < Self.limit { counts[name, default: 0] += 1 }
    }

    /// The most frequent first, equals by name.
    var sorted: [DatasetDescription.Count] {
        counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { .init(name: $0.key, rows: $0.value) }
    }
}

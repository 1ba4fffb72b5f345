extension Array where Element: Sendable {
    /// Transforms the elements, a few at a time, and keeps their order; the first failure cancels the rest.
    package func concurrentMap<Result: Sendable>(
        atMost limit: Int, _ transform: @escaping @Sendable (Element) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            var waiting = enumerated().makeIterator()
            for _ in 0..<Swift.max(1, limit) {
                guard let (index, element) = waiting.next() else { break }
                group.addTask { (index, try await transform(element)) }
            }
            var results = [Result?](repeating: nil, count: count)
            while let (index, result) = try await group.next() {
                results[index] = result
                if let (index, element) = waiting.next() { group.addTask { (index, try await transform(element)) } }
            }
            return results.compactMap(\.self)
        }
    }
}

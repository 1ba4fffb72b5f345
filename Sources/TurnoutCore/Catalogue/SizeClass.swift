/// How large a model is, by all its parameters, those of a mixture's idle experts included.
public enum SizeClass: Int, Hashable, Sendable, Comparable, CaseIterable, CustomStringConvertible {
    /// Fewer than 3 billion parameters.
    case under3B
    /// From 3 to less than 7 billion.
    case from3B
    /// From 7 to less than 14 billion.
    case from7B
    /// From 14 to less than 32 billion.
    case from14B
    /// 32 billion or more.
    case from32B

    /// The class of a number of parameters.
    public init(billions: Double) {
        self = Self.allCases.last { billions >= $0.leastBillions } ?? .under3B
    }

    /// The class of that label, as in `3-7B`.
    public init?(label: String) {
        guard let found = Self.allCases.first(where: { $0.label == label }) else { return nil }
        self = found
    }

    /// The class that a model's name tells, as in `llama3.1:8b` or `Mixtral-8x7B`; `nil` when it does not.
    public init?(ofModel name: String) {
        guard let billions = Self.billions(in: name) else { return nil }
        self.init(billions: billions)
    }

    /// `<3B`, `3-7B`, `7-14B`, `14-32B` or `32B+`.
    public var label: String {
        switch self {
        case .under3B: "<3B"
        case .from3B: "3-7B"
        case .from7B: "7-14B"
        case .from14B: "14-32B"
        case .from32B: "32B+"
        }
    }

    /// The label.
    public var description: String { label }

    /// Orders by size.
    public static func < (a: SizeClass, b: SizeClass) -> Bool { a.rawValue < b.rawValue }

    private var leastBillions: Double {
        switch self {
        case .under3B: 0
        case .from3B: 3
        case .from7B: 7
        case .from14B: 14
        case .from32B: 32
        }
    }

    /// The billions of parameters that a model's name gives; the last number counts where there are several.
    ///
    /// A number counts when a `b` ends it and it is not part of a longer word; `8x7b` is eight times seven. The active
    /// part of a mixture, as `A3B` in `Qwen3-30B-A3B`, is part of a longer word.
    package static func billions(in name: String) -> Double? {
        let parts = name.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".")) }
        return parts.compactMap { part -> Double? in
            guard part.last == "b" else { return nil }
            let factors = part.dropLast().split(separator: "x", omittingEmptySubsequences: false)
            // Only digits and a point: the other forms that `Double` reads are not sizes.
            let numbers = factors.compactMap { factor in
                factor.allSatisfy { $0.isWholeNumber || $0 == "." } ? Double(factor) : nil
            }
            guard numbers.count == factors.count, numbers.count <= 2 else { return nil }
            return numbers.reduce(1, *)
        }.last
    }
}

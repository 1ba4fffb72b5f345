/// A shell pattern over a whole path: `*` for any characters, slashes included, `?` for one, `[a-z]` and `[!a-z]`.
///
/// The same rules as Python's `fnmatch`, by which the hub's own tools choose files: there is no escape, a bracket that
/// is never closed stands for itself, and a pattern that ends with `/` means everything in that folder.
struct GlobPattern: Hashable, Sendable {
    private enum Element: Hashable {
        case anything
        case one
        case exactly(Unicode.Scalar)
        case among([ClosedRange<Unicode.Scalar>], inverted: Bool)

        func matches(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .anything, .one: true
            case .exactly(let expected): scalar == expected
            case .among(let ranges, let inverted): ranges.contains { $0.contains(scalar) } != inverted
            }
        }
    }

    private let elements: [Element]

    init(_ text: String) {
        let scalars = Array((text.hasSuffix("/") ? text + "*" : text).unicodeScalars)
        var (elements, index): ([Element], Int) = ([], 0)
        while index < scalars.count {
            switch scalars[index] {
            case "*":
                if elements.last != .anything { elements.append(.anything) }
            case "?": elements.append(.one)
            case "[":
                if let (element, end) = Self.bracket(scalars, from: index) {
                    elements.append(element)
                    index = end
                } else {
                    elements.append(.exactly("["))
                }
            case let scalar: elements.append(.exactly(scalar))
            }
            index += 1
        }
        self.elements = elements
    }

    /// Whether the whole of a path matches.
    ///
    /// - Complexity: O(path × pattern): after a mismatch only the last `*` is widened.
    func matches(_ path: String) -> Bool {
        let scalars = Array(path.unicodeScalars)
        var (position, element) = (0, 0)
        var retry: (position: Int, element: Int)?
        while position < scalars.count {
            if element < elements.count, elements[element] == .anything {
                retry = (position, element)
                element += 1
            } else if element < elements.count, elements[element].matches(scalars[position]) {
                position += 1
                element += 1
            } else if let last = retry {
                position = last.position + 1
                element = last.element + 1
                retry = (position, last.element)
            } else {
                return false
            }
        }
        return elements[element...].allSatisfy { $0 == .anything }
    }

    private static func bracket(_ scalars: [Unicode.Scalar], from start: Int) -> (Element, end: Int)? {
        var index = start + 1
        let inverted = index < scalars.count && scalars[index] == "!"
        if inverted { index += 1 }
        let first = index
        // A closing bracket right at the beginning stands for itself.
        guard let end = scalars.indices.first(where: { $0 > first && scalars[$0] == "]" }) else { return nil }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while index < end {
            if index + 2 < end, scalars[index + 1] == "-" {
                // A range that runs backwards matches nothing.
                if scalars[index] <= scalars[index + 2] { ranges.append(scalars[index]...scalars[index + 2]) }
                index += 3
            } else {
                ranges.append(scalars[index]...scalars[index])
                index += 1
            }
        }
        return (.among(ranges, inverted: inverted), end)
    }
}

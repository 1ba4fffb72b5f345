/// Numbers that were computed while a tokenizer was loaded and never change again.
///
/// An array read through a pointer, so that inner loops neither check bounds nor count references. Whoever reads must
/// stay below `count`.
///
/// Unchecked, because a raw pointer is not `Sendable` by itself. It is safe: the elements are written before `init`
/// returns and never again, and they are released in `deinit`, when nobody can read them any more.
final class FrozenArray<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    let start: UnsafePointer<Element>
    let count: Int

    init(_ elements: [Element]) {
        let copy = UnsafeMutablePointer<Element>.allocate(capacity: max(elements.count, 1))
        elements.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { copy.initialize(from: base, count: source.count) }
        }
        start = UnsafePointer(copy)
        count = elements.count
    }

    deinit { start.deallocate() }

    @inline(__always)
    subscript(index: Int) -> Element { start[index] }
}

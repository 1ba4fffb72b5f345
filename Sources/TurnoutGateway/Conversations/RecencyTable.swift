/// A dictionary of limited size in which the entry that was inserted or replaced longest ago makes room.
///
/// Entries lie in an array, linked from the newest to the oldest.
///
/// - Complexity: O(1) for each operation; memory for as many entries as there have been at once.
struct RecencyTable<Key: Hashable, Value> {
    private struct Slot {
        var key: Key
        var value: Value
        var older: Int?
        var newer: Int?
    }

    private let limit: Int
    private var slots: [Slot] = []
    private var index: [Key: Int] = [:]
    private var free: [Int] = []
    private var newestSlot: Int?
    private var oldestSlot: Int?

    /// - Parameter limit: Entries at most; at least one.
    init(limit: Int) { self.limit = max(limit, 1) }

    /// Entries that there are.
    var count: Int { index.count }

    /// The entry that makes room next.
    var oldest: Value? { oldestSlot.map { slots[$0].value } }

    /// The value of a key; reading does not make it newer.
    subscript(key: Key) -> Value? { index[key].map { slots[$0].value } }

    /// Sets the value of a key, which becomes the newest.
    mutating func insert(_ value: Value, for key: Key) {
        let slot: Int
        if let known = index[key] {
            slot = known
            slots[slot].value = value
            unlink(slot)
        } else {
            if index.count >= limit { removeOldest() }
            if let reused = free.popLast() {
                slot = reused
                slots[slot] = Slot(key: key, value: value)
            } else {
                slot = slots.count
                slots.append(Slot(key: key, value: value))
            }
            index[key] = slot
        }
        slots[slot].older = newestSlot
        slots[slot].newer = nil
        if let newestSlot { slots[newestSlot].newer = slot } else { oldestSlot = slot }
        newestSlot = slot
    }

    /// Drops the entry that makes room next.
    mutating func removeOldest() {
        guard let slot = oldestSlot else { return }
        unlink(slot)
        index[slots[slot].key] = nil
        free.append(slot)
    }

    private mutating func unlink(_ slot: Int) {
        let (older, newer) = (slots[slot].older, slots[slot].newer)
        if let older { slots[older].newer = newer } else { oldestSlot = newer }
        if let newer { slots[newer].older = older } else { newestSlot = older }
    }
}

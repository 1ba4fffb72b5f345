import CTurnoutDefaults

/// A Unicode normalisation form.
///
/// Unicode Standard Annex #15, with the tables of the `tokenizers` library.
enum UnicodeForm: Sendable {
    case nfc, nfd, nfkc, nfkd

    private var inert: UInt32 {
        switch self {
        case .nfc: UInt32(TURNOUT_TEXT_NFC_INERT)
        case .nfd: UInt32(TURNOUT_TEXT_NFD_INERT)
        case .nfkc: UInt32(TURNOUT_TEXT_NFKC_INERT)
        case .nfkd: UInt32(TURNOUT_TEXT_NFKD_INERT)
        }
    }

    private var composes: Bool { self == .nfc || self == .nfkc }
    private var isCompatible: Bool { self == .nfkc || self == .nfkd }

    /// Appends the form of a text.
    ///
    /// Stretches of inert scalars are copied; only what stands between is taken apart.
    ///
    /// - Complexity: O(n·log n) for a text of marks only, else O(n).
    func apply(_ text: UnsafeBufferPointer<UInt8>, to output: inout ByteBuffer) {
        guard let base = text.baseAddress else { return }
        let inert = self.inert
        var run: [UInt64] = []
        var copied = 0
        var at = 0
        var lastInert = 0
        while at < text.count {
            let (scalar, width) = UTF8Decoding.wellFormed(base + at)
            if scalar < 0x80 || turnout_text_flags_of(scalar) & inert != 0 {
                lastInert = at
                at &+= width
                continue
            }
            // What comes next may join the inert scalar before it, so that one is taken along.
            let start = composes && lastInert >= copied && at > lastInert ? lastInert : at
            output.append(base + copied, start &- copied)
            run.removeAll(keepingCapacity: true)
            var end = start
            while end < text.count {
                let (next, nextWidth) = UTF8Decoding.wellFormed(base + end)
                if end >= at, next < 0x80 || turnout_text_flags_of(next) & inert != 0 { break }
                decompose(next, into: &run)
                end &+= nextWidth
            }
            Self.order(&run)
            if composes { Self.compose(&run) }
            for entry in run { output.append(scalar: UInt32(truncatingIfNeeded: entry)) }
            at = end
            copied = end
            lastInert = end
        }
        output.append(base + copied, text.count &- copied)
    }

    /// Appends the decomposition of a scalar: each part below, its combining class from bit 56 on.
    private func decompose(_ scalar: UInt32, into run: inout [UInt64]) {
        if 0xAC00...0xD7A3 ~= scalar {
            let index = scalar - 0xAC00
            run.append(UInt64(0x1100 + index / 588))
            run.append(UInt64(0x1161 + index % 588 / 28))
            if index % 28 > 0 { run.append(UInt64(0x11A7 + index % 28)) }
            return
        }
        let text = isCompatible ? turnout_compatible(scalar) : turnout_canonical(scalar)
        guard let bytes = text.bytes else {
            run.append(UInt64(turnout_combining_class(scalar)) << 56 | UInt64(scalar))
            return
        }
        var at = 0
        while at < Int(text.length) {
            let (part, width) = UTF8Decoding.wellFormed(bytes + at)
            run.append(UInt64(turnout_combining_class(part)) << 56 | UInt64(part))
            at += width
        }
    }

    /// Puts marks in canonical order; those of one class stay as they are.
    private static func order(_ run: inout [UInt64]) {
        var start = 0
        while start < run.count {
            guard run[start] >> 56 != 0 else {
                start += 1
                continue
            }
            var end = start + 1
            while end < run.count, run[end] >> 56 != 0 { end += 1 }
            if end - start > 1 {
                // The place, between class and scalar, keeps equals in order.
                for place in start..<end { run[place] |= UInt64(place - start) << 21 }
                run[start..<end].sort()
                for place in start..<end { run[place] &= 0xFF << 56 | 0x1F_FFFF }
            }
            start = end
        }
    }

    /// Joins each starter with what follows it and is not blocked.
    private static func compose(_ run: inout [UInt64]) {
        var starter = -1
        var kept = 0
        var lastOrder: UInt64 = 0
        for index in run.indices {
            let order = run[index] >> 56
            let scalar = UInt32(truncatingIfNeeded: run[index])
            let isAdjacent = starter >= 0 && kept == starter + 1
            if starter >= 0, isAdjacent || (lastOrder < order && lastOrder != 0),
                let joined = pair(UInt32(truncatingIfNeeded: run[starter]), scalar)
            {
                run[starter] = UInt64(joined)
                continue
            }
            if order == 0 { starter = kept }
            lastOrder = order
            run[kept] = run[index]
            kept += 1
        }
        run.removeLast(run.count - kept)
    }

    /// The scalar that two others make.
    private static func pair(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if 0x1100..<0x1113 ~= first, 0x1161..<0x1176 ~= second {
            return 0xAC00 + ((first - 0x1100) * 21 + (second - 0x1161)) * 28
        }
        if 0xAC00..<0xD7A4 ~= first, (first - 0xAC00) % 28 == 0, 0x11A8..<0x11C3 ~= second {
            return first + (second - 0x11A7)
        }
        let composed = turnout_composed(first, second)
        return composed > 0 ? composed : nil
    }
}

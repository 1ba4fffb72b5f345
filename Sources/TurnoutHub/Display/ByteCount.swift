import Foundation

/// Sizes for people, in powers of a thousand, as disks and networks are sold.
package enum ByteCount {
    /// `999 bytes`, `1.5 kB`, `91 MB`.
    package static func text(_ bytes: Int64) -> String {
        let units = ["kB", "MB", "GB", "TB"]
        var (value, unit) = (Double(bytes) / 1000, 0)
        guard abs(value) >= 1 else { return "\(bytes) bytes" }
        while abs(value) >= 999.5, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return String(format: abs(value) < 9.95 ? "%.1f %@" : "%.0f %@", value, units[unit])
    }
}

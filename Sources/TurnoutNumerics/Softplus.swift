import Foundation

/// log(1 + eᶻ), which neither overflows nor loses small values.
package func softplus(_ z: Double) -> Double { max(z, 0) + log1p(exp(-abs(z))) }

// SPDX-License-Identifier: Apache-2.0

/// The lag-1 autocorrelation coefficient: how much a value says about the next one, from -1 to 1.
///
/// Σ (x[i] - m)(x[i+1] - m) / Σ (x[i] - m)², with m the mean of all (Box & Jenkins 1976; NIST StRD certifies this
/// form). Independent values give about -1/n, and lie within ± 2/√n of it 95 times in 100.
///
/// - Returns: nil where there are fewer than two values, where they do not vary, and where one is NaN, infinite or
///   so enormous that their sum overflows.
/// - Complexity: O(n).
public func lag1Autocorrelation(_ values: [Double]) -> Double? {
  guard values.count > 1 else { return nil }
  let mean = values.reduce(0, +) / Double(values.count)
  let distances = values.map { $0 - mean }
  // Scaled, so that no square over- or underflows.
  let scale = distances.reduce(0) { max($0, abs($1)) }
  guard mean.isFinite, scale.isFinite, scale > 0 else { return nil }
  let scaled = distances.map { $0 / scale }
  let products = zip(scaled, scaled.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
  return products / scaled.reduce(0) { $0 + $1 * $1 }
}

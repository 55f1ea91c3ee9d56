// SPDX-License-Identifier: Apache-2.0

/// The mean; nil of no values.
func mean(_ values: [Double]) -> Double? {
  values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
}

/// The mean, and the sum of squared distances from it; nil of no values, and where the mean is NaN or infinite.
///
/// Taken as distances from one of the values: equal ones are exactly 0 apart.
func meanAndSquares(_ values: [Double]) -> (mean: Double, squares: Double)? {
  guard let origin = values.first, let distance = mean(values.map({ $0 - origin })),
    (origin + distance).isFinite
  else { return nil }
  let squares = values.reduce(0) { $0 + ($1 - origin - distance) * ($1 - origin - distance) }
  return (origin + distance, squares)
}

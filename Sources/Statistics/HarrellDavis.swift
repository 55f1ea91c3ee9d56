// SPDX-License-Identifier: Apache-2.0

/// The quantile estimator of Harrell & Davis (1982): all order statistics, each weighted by how likely it is to be
/// the quantile's, which is what a beta distribution with (n + 1) p and (n + 1) (1 - p) assigns to its n-th part.
///
/// For few values, where it is sharper than any one or two of them: block medians, not millions of samples (for
/// those, ``Distribution/quantile(_:)``). One severe outlier moves every quantile near it. In the unit of the values
/// given. `p` 0 is the minimum and 1 the maximum; one value is every quantile.
///
/// - Precondition: `0 <= p && p <= 1`.
/// - Returns: nil where there is no value or one is NaN or infinite.
/// - Complexity: O(n log n + n sqrt(n)).
public func harrellDavisQuantile(_ values: [Double], _ p: Double) -> Double? {
  precondition(p >= 0 && p <= 1, "a quantile lies between 0 and 1")
  guard values.allSatisfy(\.isFinite) else { return nil }
  let sorted = values.sorted()
  guard let least = sorted.first, let greatest = sorted.last else { return nil }
  // The distribution shrinks to a point at either end.
  guard p > 0 else { return least }
  guard p < 1 else { return greatest }
  let size = Double(sorted.count)
  var below = 0.0
  var sum = 0.0
  for (index, value) in sorted.enumerated() {
    let upTo = regularizedIncompleteBeta(Double(index + 1) / size, (size + 1) * p, (size + 1) * (1 - p))
    sum += (upTo - below) * value
    below = upTo
  }
  // A weighted mean lies among its values; its rounding need not.
  return min(max(sum, least), greatest)
}

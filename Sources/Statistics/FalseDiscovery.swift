// SPDX-License-Identifier: Apache-2.0

/// p-values of many tests made together, each raised to the least rate of false discoveries at which it counts as
/// one.
///
/// Whoever calls discovered what is at most 0.05 here has one false discovery in twenty at most, on average over runs
/// (where nothing is true: discovers anything in one run of twenty). Benjamini & Hochberg (1995): p m / rank, from
/// the largest down never more than the one above. That holds for tests that are independent or depend on each other
/// positively, as cases do that share a baseline and a machine's drift.
///
/// 81 cases of two runs with nothing changed, simulated under flicker noise, give a discovery in 3 to 5 % of comparisons
/// where one run follows the other, and in 4 to 6 % days apart, where all of the drift within a run counts.
///
/// In the order given. No p-values give none.
///
/// - Precondition: every p-value lies in 0…1.
/// - Complexity: O(m log m).
public func falseDiscoveryAdjusted(_ pValues: [Double]) -> [Double] {
  precondition(pValues.allSatisfy { (0...1).contains($0) }, "a p-value lies in 0…1")
  let count = pValues.count
  var adjusted = pValues
  var least = 1.0
  for (above, index) in pValues.indices.sorted(by: { pValues[$0] > pValues[$1] }).enumerated() {
    least = min(least, pValues[index] * Double(count) / Double(count - above))
    adjusted[index] = least
  }
  return adjusted
}

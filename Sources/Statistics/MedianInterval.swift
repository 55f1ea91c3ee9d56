// SPDX-License-Identifier: Apache-2.0

/// An interval of the median made of two of the values themselves, and how sure it is.
public struct MedianInterval: Hashable, Sendable {
  /// The bounds, in the unit of the values given; unbounded with too few values.
  public var interval: Interval
  /// The confidence really reached, from 0 to 1: at least what was asked; 0 where the interval is unbounded.
  public var coverage: Double
  /// How many further values a finite interval needs; 0 where it is finite.
  public var missing: Int

  /// A median's interval with these parts.
  public init(interval: Interval, coverage: Double, missing: Int) {
    self.interval = interval
    self.coverage = coverage
    self.missing = missing
  }
}

/// The order-statistic interval of the median: exact for values from any continuous distribution.
///
/// The number of values below the true median is binomial with p = 1/2, so the k-th smallest and the k-th largest
/// value enclose it unless fewer than k values fall on one side: coverage 1 - 2 P(B(n, 1/2) < k). The largest k
/// that still covers what is asked is taken (David & Nagaraja, Order Statistics, 7.1; benchstat does the same).
/// The interval is conservative: with 8 values it covers 99.22 % where 95 % is asked, because the next one would
/// cover 92.97 %. At 95 % fewer than 6 values cannot give a finite one.
///
/// No value, or too few, gives an unbounded interval that says how many are missing. With a NaN among the values
/// the interval is unbounded and `missing` is 0, because no number of further values helps. Equal values give an
/// interval without width.
///
/// - Precondition: `0 < confidence && confidence < 1`.
/// - Complexity: O(n log n); one copy of the values.
public func medianInterval(_ values: [Double], confidence: Double = 0.95) -> MedianInterval {
  precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
  guard !values.contains(where: \.isNaN) else {
    return MedianInterval(interval: .unbounded, coverage: 0, missing: 0)
  }
  guard let choice = outermostRank(count: values.count, confidence: confidence) else {
    let needed = valuesNeeded(confidence: confidence)
    return MedianInterval(interval: .unbounded, coverage: 0, missing: needed - values.count)
  }
  let sorted = values.sorted()
  let interval = Interval(low: sorted[choice.rank - 1], high: sorted[values.count - choice.rank])
  return MedianInterval(interval: interval, coverage: choice.coverage, missing: 0)
}

/// The fewest values whose smallest and largest enclose the median with this confidence: 1 - 2 / 2^n reaches it.
private func valuesNeeded(confidence: Double) -> Int {
  var needed = 2
  var outside = 0.5
  while outside > (1 - confidence) * roundingAllowance {
    needed += 1
    outside /= 2
  }
  return needed
}

/// The largest rank (from 1) whose value and mirror image enclose the median with the confidence asked.
private func outermostRank(count: Int, confidence: Double) -> (rank: Int, coverage: Double)? {
  guard count > 0 else { return nil }
  let weights = halfBinomialWeights(count)
  // Both halves are counted; an even count has its mode once.
  var total = 2 * weights.reduce(0, +)
  if count.isMultiple(of: 2) { total -= weights[count / 2] }
  var below = 0.0
  var best: (rank: Int, coverage: Double)?
  for rank in weights.indices.dropFirst() {
    below += weights[rank - 1]
    let outside = 2 * below / total
    guard outside <= (1 - confidence) * roundingAllowance else { break }
    best = (rank, 1 - outside)
  }
  return best
}

/// Weights of 0…n/2 successes in n tosses, relative to the most likely number.
///
/// From the mode outwards the ratios never overflow, and what underflows to 0 far out has no share in the sum:
/// no logarithm of a factorial is needed for any n.
private func halfBinomialWeights(_ count: Int) -> [Double] {
  let mode = count / 2
  var weights = [Double](repeating: 1, count: mode + 1)
  for successes in stride(from: mode - 1, through: 0, by: -1) {
    weights[successes] = weights[successes + 1] * Double(successes + 1) / Double(count - successes)
  }
  return weights
}

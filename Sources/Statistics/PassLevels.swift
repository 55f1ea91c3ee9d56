// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Levels that the passes of a run fall into, as an interrupt does that takes 8.6 µs for some seconds and 10.9 for
/// others.
public struct PassLevels: Hashable, Sendable {
  /// The median of each level's values, in the unit of the values given, from the lowest up; at least two.
  public var centers: [Double]
  /// Each pass's level, in the order given: an index into the centres.
  public var level: [Int]

  /// Levels with these centres.
  public init(centers: [Double], level: [Int]) {
    self.centers = centers
    self.level = level
  }
}

/// The levels that the values of passes fall into; nil where one level explains them.
///
/// The sorted values are cut at their one, two or three widest gaps. A gap must be at least `leastGap` wide and 4 +
/// 250 / n² times the standard deviation that is left within the levels, pooled; of several numbers of levels the one
/// whose narrowest gap exceeds that most is taken. At least two levels must have two passes or more, and there are no
/// more levels than half the passes: a pass alone is an outlier. The factor is such that normal, uniform and
/// exponential values and Student's t with 3 degrees of freedom are cut into a given number of levels in about 1 % of
/// cases, from 4 to 20 values, and into any number in 2.5 % at most (normal values in 0.1 to 1.2 %). Unlike
/// ``modes(of:)``, which takes the many values of blocks, it works from 4 values on and finds more than two levels,
/// but only clear ones.
///
/// - Parameters:
///   - values: one a pass; logarithms where the gap is a ratio.
///   - leastGap: how far apart levels are at least, in the values' unit; 5 % of logarithms.
/// - Returns: nil also where a value is NaN or infinite, or there are fewer than 4.
/// - Complexity: O(n log n).
public func passLevels(of values: [Double], leastGap: Double = log(1.05)) -> PassLevels? {
  guard values.count >= 4, values.allSatisfy(\.isFinite) else { return nil }
  let sorted = values.sorted()
  let gaps: [Double] = zip(sorted, sorted.dropFirst()).map { $1 - $0 }
  let widest: [Int] = gaps.indices.sorted { gaps[$0] > gaps[$1] }
  let factor = 4 + 250 / Double(sorted.count * sorted.count)
  var best: (starts: [Int], clarity: Double)?
  for levels in 2...4 where 2 * levels <= sorted.count {
    let starts = [0] + widest.prefix(levels - 1).map { $0 + 1 }.sorted()
    guard let clarity = clarity(of: sorted, starts: starts, leastGap: leastGap) else { continue }
    if clarity >= factor, clarity > best?.clarity ?? 0 { best = (starts, clarity) }
  }
  guard let starts = best?.starts else { return nil }
  let centers = stretches(of: sorted, starts: starts).compactMap { median(Array($0)) }
  let thresholds = starts.map { sorted[$0] }
  return PassLevels(
    centers: centers, level: values.map { value in thresholds.count { $0 <= value } - 1 })
}

/// How many times the standard deviation within the levels their narrowest gap is; nil where they are no levels.
private func clarity(of sorted: [Double], starts: [Int], leastGap: Double) -> Double? {
  let levels = stretches(of: sorted, starts: starts)
  let gaps = starts.dropFirst().map { sorted[$0] - sorted[$0 - 1] }
  guard let gap = gaps.min(), gap >= leastGap, gap > 0, levels.count(where: { $0.count > 1 }) > 1 else {
    return nil
  }
  let squares = levels.reduce(0) { $0 + (meanAndSquares(Array($1))?.squares ?? 0) }
  return gap / (squares / Double(sorted.count - levels.count)).squareRoot()
}

private func stretches(of values: [Double], starts: [Int]) -> [ArraySlice<Double>] {
  zip(starts, starts.dropFirst() + [values.count]).map { values[$0..<$1] }
}

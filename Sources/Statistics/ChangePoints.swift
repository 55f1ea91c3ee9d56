// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The points at which a nightly series changed, in order.
///
/// E-divisive (Matteson & James 2014) with a t-test in place of permutations, which makes it deterministic, as
/// Hunter does it (Fleming et al., ICPE 2023): windows of the series, each half overlapping the next, are divided
/// again and again where the energy statistic is greatest, as long as a lenient t-test agrees; then the change
/// least significant is taken out, and its neighbours judged anew, until all that are left are significant and of the
/// minimum magnitude. All on logarithms, so a change is a ratio.
///
/// A single disturbed night would hide a change, because it swells the variance, and pose as one. So places and
/// p-values are those of values pulled in to what their neighbours allow, and only the ratio is that of the values
/// as they are. A change shows after `rule.minimumPoints` nights at the earliest.
///
/// Each value is one night's; a night without a value is left out and takes no place. Values that do not scatter
/// (counted instructions) change where they differ at all, by the minimum magnitude at least.
///
/// - Parameter values: times or ratios, oldest first.
/// - Returns: nil where a value is 0 or less, NaN or infinite. Empty where nothing changed or there are fewer than
///   twice `rule.minimumPoints` values.
/// - Complexity: O(n w) time for a window of w, times the changes in a window at worst; O(n + w²) memory.
public func changePoints(in values: [Double], rule: ChangePointRule = ChangePointRule()) -> [ChangePoint]? {
  guard values.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
  let logarithms = values.map { log($0) }
  let calm = withoutSpikes(logarithms, shorterThan: rule.minimumPoints)
  let search = ChangeSearch(logarithms: logarithms, calm: calm, rule: rule)
  return search.confirmed(search.candidates()).compactMap(search.changePoint)
}

/// The values with those that stand out from their neighbours pulled in to what is usual: two robust standard
/// deviations around the running median of `2 * nights - 1` values (of as many at either end, which stand still).
///
/// Fewer disturbed values in a row than `nights` are pulled in; that many are a majority, and a step stays a step.
/// The deviation is 1.4826 times the median distance from the running median, 0 where most values equal it. What is
/// pulled in scatters less than it did, so a t-test of it gives p-values that are too small.
///
/// - Complexity: O(n) sorts of `2 * nights - 1` values.
func withoutSpikes(_ values: [Double], shorterThan nights: Int) -> [Double] {
  let reach = 2 * nights - 1
  guard values.count > reach else { return values }
  let middles = values.indices.map { index in
    let start = min(max(0, index - nights + 1), values.count - reach)
    return values[start..<(start + reach)].sorted()[nights - 1]
  }
  let distances = zip(values, middles).map { abs($0 - $1) }
  let bound = 2 * 1.4826 * (median(distances) ?? 0)
  return zip(values, middles).map { min(max($0, $1 - bound), $1 + bound) }
}

/// One series under one rule.
private struct ChangeSearch {
  let logarithms: [Double]
  /// The same without spikes.
  let calm: [Double]
  let rule: ChangePointRule

  /// An index that may be a change's, and what it divides.
  struct Candidate {
    var index: Int
    var before, after: Range<Int>
    var pValue: Double
  }

  /// Where the windows are divided, in order.
  func candidates() -> [Int] {
    // The window, and other candidates, cut short what they are compared with.
    let lenient = max(0.01, rule.significance)
    var found: Set<Int> = []
    for start in stride(from: 0, to: calm.count, by: rule.window / 2) {
      let end = min(start + rule.window, calm.count)
      let distances = EnergyDistances(Array(calm[start..<end]))
      var stretches = [0..<(end - start)]
      while let stretch = stretches.popLast() {
        guard let split = distances.bestSplit(of: stretch, minimumPoints: 2) else { continue }
        let (before, after) = (stretch.lowerBound..<split.index, split.index..<stretch.upperBound)
        guard tTest(calm[start..<end], before, after) <= lenient else { continue }
        found.insert(start + split.index)
        stretches += [before, after]
      }
      if end == calm.count { break }
    }
    return found.sorted()
  }

  /// What is left after the weakest are taken out one by one.
  func confirmed(_ indices: [Int]) -> [Candidate] {
    var indices = indices
    while true {
      let candidates = compared(indices)
      guard let weakest = weakest(of: candidates) else { return candidates }
      indices.remove(at: weakest)
    }
  }

  private func compared(_ indices: [Int]) -> [Candidate] {
    let bounds = [0] + indices + [calm.count]
    return zip(indices, zip(bounds, bounds.dropFirst(2))).map { index, neighbours in
      let before = max(neighbours.0, index - rule.window)..<index
      let after = index..<min(neighbours.1, index + rule.window)
      return Candidate(index: index, before: before, after: after, pValue: tTest(calm[...], before, after))
    }
  }

  /// The position of the candidate to take out next; nil where all are changes.
  private func weakest(of candidates: [Candidate]) -> Int? {
    let short = candidates.indices.filter {
      min(candidates[$0].before.count, candidates[$0].after.count) < rule.minimumPoints
    }
    let insignificant = candidates.indices.filter { candidates[$0].pValue > rule.significance }
    for group in [short, insignificant] where !group.isEmpty {
      return group.max { candidates[$0].pValue < candidates[$1].pValue }
    }
    let magnitudes = candidates.map { abs(shift($0)?.value ?? 0) }
    return magnitudes.indices.filter { magnitudes[$0] < log(1 + rule.minimumMagnitude) }
      .min { magnitudes[$0] < magnitudes[$1] }
  }

  private func shift(_ candidate: Candidate) -> LocationEstimate? {
    hodgesLehmannShift(from: Array(logarithms[candidate.before]), to: Array(logarithms[candidate.after]))
  }

  func changePoint(_ candidate: Candidate) -> ChangePoint? {
    shift(candidate).map {
      ChangePoint(
        index: candidate.index, region: region(of: candidate), before: candidate.before,
        after: candidate.after, ratio: exponentiated($0), pValue: candidate.pValue)
    }
  }

  /// From the first to the last index at which a step fits the two sides nearly as well as at the best: the likelihood
  /// ratio of a normal step stays below 7.35 in 95 % of cases (Hansen 2000, Econometrica 68:3).
  private func region(of candidate: Candidate) -> ClosedRange<Int> {
    let all = candidate.before.lowerBound..<candidate.after.upperBound
    let origin = calm[all.lowerBound]
    let total = calm[all].reduce(0) { $0 + ($1 - origin) }
    let squares = calm[all].reduce(0) { $0 + ($1 - origin) * ($1 - origin) }
    var first = 0.0
    var left: [Double] = []
    for (count, value) in calm[all].dropLast().enumerated() {
      first += value - origin
      let second = total - first
      left.append(
        squares - first * first / Double(count + 1) - second * second / Double(all.count - count - 1))
    }
    // Of values that do not scatter nothing is left but rounding.
    let bound = max(left.min() ?? 0, 0) * exp(7.35 / Double(all.count)) + 1e-12 * squares
    let fitting = left.indices.filter { left[$0] <= bound }.map { all.lowerBound + $0 + 1 }
    let places = fitting + [candidate.index]
    return (places.min() ?? candidate.index)...(places.max() ?? candidate.index)
  }
}

/// The p-value of Student's two-sided t-test with pooled variance, of two parts of some values.
///
/// Values that do not vary within the parts give 0 where the parts differ, and 1 where they do not; two values alone
/// tell nothing and give 1.
///
/// - Precondition: neither part is empty.
func tTest(_ values: ArraySlice<Double>, _ before: Range<Int>, _ after: Range<Int>) -> Double {
  let start = values.startIndex
  let origin = values[start + before.lowerBound]
  // Distances from one of the values: equal ones are exactly 0 apart.
  func moments(_ part: Range<Int>) -> (mean: Double, squares: Double) {
    let distances = values[(start + part.lowerBound)..<(start + part.upperBound)].lazy.map { $0 - origin }
    let mean = distances.reduce(0, +) / Double(part.count)
    return (mean, distances.reduce(0) { $0 + ($1 - mean) * ($1 - mean) })
  }
  let freedom = Double(before.count + after.count - 2)
  guard freedom > 0 else { return 1 }
  let (first, second) = (moments(before), moments(after))
  let difference = second.mean - first.mean
  guard difference != 0 else { return 1 }
  let variance =
    (first.squares + second.squares) / freedom * (1 / Double(before.count) + 1 / Double(after.count))
  return regularizedIncompleteBeta(
    freedom * variance / (freedom * variance + difference * difference), freedom / 2, 0.5)
}

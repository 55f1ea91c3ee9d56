// SPDX-License-Identifier: Apache-2.0
import Glibc

// How many of the sorted pairwise values an interval may leave out at either end: the largest k with
// P(statistic <= k) <= probability, nil where even k = 0 is likelier than that and no finite interval exists.
// `probability` is that of one end and lies between 0 and 1/2.

/// A probability that equals the one asked for is reached, whatever the last bits of either say.
let roundingAllowance = 1 + 1e-12

/// Up to here the signed-rank distribution is counted exactly; its bell is indistinguishable from there on.
let exactSignedRankLimit = 60

/// Wilcoxon's signed-rank statistic of `count` values: in how many ways do ranks 1…n sum to at most k?
///
/// Counted by adding one rank after the other, O(n³) at most 60. Beyond, the normal approximation with continuity
/// correction: mean n(n+1)/4, variance n(n+1)(2n+1)/24 (Hollander, Wolfe & Chicken, 3.1).
func signedRankTail(count: Int, probability: Double) -> Int? {
  guard count > 0 else { return nil }
  guard count <= exactSignedRankLimit else {
    let size = Double(count)
    let variance = size * (size + 1) * (2 * size + 1) / 24
    return normalTail(mean: size * (size + 1) / 4, variance: variance, probability: probability)
  }
  // The distribution is symmetric and only a lower tail is asked for.
  let half = count * (count + 1) / 4
  var ways = [Double](repeating: 0, count: half + 1)
  ways[0] = 1
  for rank in 1...count {
    for sum in stride(from: half, through: rank, by: -1) { ways[sum] += ways[sum - rank] }
  }
  return tail(of: ways, total: exp2(Double(count)), probability: probability)
}

/// The Mann-Whitney statistic of two samples: how many of the m·n pairs are out of order?
///
/// Exact as far as ``mannWhitneyCounts(_:_:)`` goes. Beyond, the normal approximation with continuity correction:
/// mean mn/2, variance mn(m+n+1)/12 (Hollander, Wolfe & Chicken, 4.1).
func mannWhitneyTail(_ first: Int, _ second: Int, probability: Double) -> Int? {
  guard first > 0, second > 0 else { return nil }
  guard let counts = mannWhitneyCounts(first, second) else {
    let pairs = Double(first) * Double(second)
    let variance = pairs * (Double(first) + Double(second) + 1) / 12
    return normalTail(mean: pairs / 2, variance: variance, probability: probability)
  }
  return tail(of: counts.ways.lazy.map(Double.init), total: Double(counts.total), probability: probability)
}

/// In how many of all `total` arrangements of two samples 0, 1, … m·n/2 pairs are out of order; the other half
/// mirrors this one.
///
/// The counts are the coefficients of the Gaussian binomial, built one factor (1 - q^(n+i)) / (1 - q^i) after the
/// other in whole numbers; exact while the number of arrangements fits 64 bits (30 values an arm; more where one
/// arm is smaller) and the table stays below 800 KB. nil beyond.
///
/// - Precondition: both samples have a value.
func mannWhitneyCounts(_ first: Int, _ second: Int) -> (ways: [Int], total: Int)? {
  let smaller = min(first, second)
  let larger = max(first, second)
  guard Double(smaller) * Double(larger) <= 200_000, let total = combinations(of: smaller, and: larger)
  else { return nil }
  let half = smaller * larger / 2
  var ways = [Int](repeating: 0, count: half + 1)
  ways[0] = 1
  for factor in 1...smaller {
    let removed = larger + factor
    for sum in stride(from: half, through: removed, by: -1) { ways[sum] -= ways[sum - removed] }
    for sum in stride(from: factor, through: half, by: 1) { ways[sum] += ways[sum - factor] }
  }
  return (ways, total)
}

/// In how many ways two samples can interleave, (m+n)! / (m! n!); nil where the count leaves 64 bits.
private func combinations(of smaller: Int, and larger: Int) -> Int? {
  var count = 1
  for factor in 1...smaller {
    let (product, overflow) = count.multipliedReportingOverflow(by: larger + factor)
    guard !overflow else { return nil }
    count = product / factor
  }
  return count
}

private func tail(of ways: some Sequence<Double>, total: Double, probability: Double) -> Int? {
  var largest: Int?
  var sum = 0.0
  for (value, count) in ways.enumerated() {
    sum += count
    guard sum / total <= probability * roundingAllowance else { break }
    largest = value
  }
  return largest
}

private func normalTail(mean: Double, variance: Double, probability: Double) -> Int? {
  let largest = mean - upperNormalQuantile(probability) * variance.squareRoot() - 0.5
  return largest >= 0 ? Int(largest) : nil
}

/// The z that a standard normal value exceeds with this probability, 0 < probability <= 1/2.
///
/// Halved out of erfc: 64 steps cost microseconds, and there is no table of coefficients to get wrong.
func upperNormalQuantile(_ probability: Double) -> Double {
  var low = 0.0
  var high = 40.0
  for _ in 0..<64 {
    let middle = (low + high) / 2
    if erfc(middle / 2.0.squareRoot()) / 2 > probability { low = middle } else { high = middle }
  }
  return (low + high) / 2
}

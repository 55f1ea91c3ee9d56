// SPDX-License-Identifier: Apache-2.0

/// What several runs of the same thing say together: a random-effects mean.
///
/// The value is the unweighted mean. The variance of one run's value is w, the mean of what the runs say of their
/// own, plus max(0, s² - w), what they differ beyond that, where s² is the sample variance of their values. The mean
/// of k runs has a k-th of it. Degrees of freedom are Satterthwaite's of the two parts: the runs' own together, and k
/// - 1. So runs that agree are as good as their own errors say, and two that differ by far more say little.
/// Simulated, 95 % intervals cover 96 to 97 % where the runs' own errors are all there is, 92 to 94 % where runs
/// differ by as much again, and where by three times as much 85 % with 2 runs, 90 % with 3 and 93 % with 5.
///
/// - Parameters:
///   - runs: estimates of the same quantity at the same reference.
///   - betweenRunVariance: the variance of such runs' values, their own errors included, known from elsewhere (the
///     history), with its degrees of freedom. It is pooled with s², and lets one run know what it cannot know itself.
/// - Precondition: the variance known from elsewhere is not negative and has more than 0 degrees of freedom.
/// - Returns: nil where there is no run. One run alone is itself. Where runs have no interval themselves (one pass
///   each) only s² counts.
public func runsEstimate(
  _ runs: [PassEstimate.Location],
  betweenRunVariance: (variance: Double, degreesOfFreedom: Double)? = nil
) -> PassEstimate.Location? {
  if let known = betweenRunVariance {
    precondition(known.variance >= 0 && known.degreesOfFreedom > 0, "no variance")
  }
  guard let first = runs.first, let moments = meanAndSquares(runs.map(\.value)) else { return nil }
  if runs.count == 1, betweenRunVariance == nil { return first }
  let count = Double(runs.count)
  let freedom = count - 1 + (betweenRunVariance?.degreesOfFreedom ?? 0)
  let known = betweenRunVariance.map { $0.variance * $0.degreesOfFreedom } ?? 0
  let between = (moments.squares + known) / freedom
  let own = ownVariance(of: runs)
  let beyond = max(0, between - own.variance)
  let variance = own.variance + beyond
  return PassEstimate.Location(
    value: moments.mean, standardError: (variance / count).squareRoot(),
    degreesOfFreedom: variance > 0
      ? satterthwaite([own, (beyond, freedom)]) : max(freedom, own.degreesOfFreedom))
}

/// The mean of the runs' own variances; 0 where a run has none.
private func ownVariance(of runs: [PassEstimate.Location]) -> (variance: Double, degreesOfFreedom: Double) {
  guard runs.allSatisfy({ $0.standardError.isFinite }) else { return (0, 0) }
  let parts = runs.map {
    (variance: $0.standardError * $0.standardError, degreesOfFreedom: $0.degreesOfFreedom)
  }
  let total = parts.reduce(0) { $0 + $1.variance }
  return (total / Double(runs.count), total > 0 ? satterthwaite(parts) : 0)
}

// SPDX-License-Identifier: Apache-2.0

/// How much of the drift within a run goes on after it: its share of the drift's variance between passes.
///
/// What differs between passes beyond what their blocks explain is drift. Where it is slow, more passes of the same
/// minute do not average it away. Where it is gone by the next pass they do. Passes are fresh processes some 2 s apart:
/// over 28 ratios of 8 runs of quick the lag-1 autocorrelation of their centres was 0.01 (-0.08 where nothing goes on,
/// 0.12 under flicker noise), and 95 % intervals held the median of the runs in 93, 95, 95 and 97 % with 0.15, 0.2, 0.3
/// and 0.6, their half-widths 0.96, 1.0, 1.1 and 1.3 times what the spread of the runs asks for (Results/repeatability).
///
/// Simulated at 12 passes, 0.3 covers 98 % on a machine like that one, 84 % under flicker noise, and 82 % of the median
/// of 8 consecutive runs where most of the drift is slower than a run; 1 covers 96 % and 93 %. So a comparison of
/// runs far apart asks ``passEstimate`` for 1.
public let driftPersistence = 0.3

/// The drift that there is at least, as a share of what the blocks explain of the variance between passes.
///
/// Few passes may scatter less by chance than their blocks say, and then prove nothing. Without it, intervals cover
/// 88 % where drift is as large as what the blocks explain, and far outliers are ten times too frequent; with it
/// 90 to 95 %. Where there is no drift at all intervals are 1.7 times as wide as they need be.
let leastDrift = 0.15

/// What the passes of one run say together of one quantity, as they are and at a reference state of the machine.
///
/// The pass is the unit of replication, because blocks of the same seconds are not independent. The raw estimate is
/// the unweighted mean. With s² the variance of the passes' values and v what their blocks explain of it (the mean of
/// variance / count over passes that have a variance, 0 where none has), d = max(s² - v, 0.15 v) is drift, and the
/// estimate's variance is max(s², v) / n + ``driftPersistence`` d with n - 1 degrees of freedom. One pass gives no
/// interval; values that do not differ, between passes and within, give one without width.
///
/// The adjusted estimate is an analysis of covariance with passes as units: value = μ + Σ β (x - x̄) + error, where
/// the slopes β are normal about what the mechanism says (`priors`). A probe takes part where every pass and the
/// reference have it, and is kept where it explains: see ``SlopeModel``. Adjusted is μ at the reference state; its
/// variance is that of the raw one with what the probes leave in place of s², never less than v, plus what the
/// slopes' errors make of the distance between the passes' mean state and the reference.
///
/// - Parameters:
///   - passes: of one run. Means, or any centres whose variance is about that of a mean.
///   - reference: the state to adjust to, one logarithm a probe; nil where there is none.
///   - priors: one a probe.
///   - persistence: how much of the drift goes on after the run, from 0 to 1, where more is known of the machine.
/// - Precondition: as many priors as entries of the reference; counts are at least 1; `persistence` lies in 0…1.
/// - Returns: nil where there is no pass, or a value or variance is NaN or infinite.
public func passEstimate(
  _ passes: [PassMean], reference: [Double?], priors: [SlopePrior], persistence: Double = driftPersistence
) -> PassEstimate? {
  precondition(reference.count == priors.count, "a prior for each probe")
  precondition(passes.allSatisfy { $0.count > 0 }, "a mean is of values")
  precondition((0...1).contains(persistence), "a share")
  guard let moments = meanAndSquares(passes.map(\.value)), moments.squares.isFinite,
    passes.allSatisfy({ $0.variance?.isFinite ?? true })
  else { return nil }
  let none = [Double?](repeating: nil, count: priors.count)
  let count = Double(passes.count)
  guard passes.count > 1 else {
    let raw = PassEstimate.Location(value: moments.mean, standardError: .infinity, degreesOfFreedom: 0)
    return PassEstimate(
      raw: raw, adjusted: nil, slopes: none, slopeErrors: none, betweenShare: nil, passes: 1)
  }
  let scatter = PassScatter(
    between: moments.squares / (count - 1),
    explained: mean(passes.compactMap { pass in pass.variance.map { $0 / Double(pass.count) } }) ?? 0,
    passes: count, persistence: persistence)
  let raw = PassEstimate.Location(
    value: moments.mean, standardError: scatter.runVariance.squareRoot(), degreesOfFreedom: count - 1)
  var estimate = PassEstimate(
    raw: raw, adjusted: nil, slopes: none, slopeErrors: none,
    betweenShare: betweenShare(of: passes, scatter), passes: passes.count)
  // Of values that do not differ there is nothing to explain.
  if scatter.between > 0 { adjust(&estimate, passes, scatter, reference: reference, priors: priors) }
  return estimate
}

/// What makes a run's mean uncertain.
private struct PassScatter {
  /// Variance of the passes' values.
  var between: Double
  /// What their blocks explain of it.
  var explained: Double
  var passes: Double
  var persistence: Double

  /// The variance of the run's mean.
  var runVariance: Double {
    let drift = max(between - explained, leastDrift * explained)
    return max(between, explained) / passes + persistence * drift
  }
}

/// Which share of one value's variance lies between passes. Where nothing varies it is 0.
private func betweenShare(of passes: [PassMean], _ scatter: PassScatter) -> Double? {
  guard let within = mean(passes.compactMap(\.variance)) else { return nil }
  let drift = max(0, scatter.between - scatter.explained)
  return drift > 0 ? drift / (drift + within) : 0
}

private func adjust(
  _ estimate: inout PassEstimate, _ passes: [PassMean], _ scatter: PassScatter, reference: [Double?],
  priors: [SlopePrior]
) {
  let probes = priors.indices.compactMap { index in
    reference[index].flatMap { SlopeModel.Probe(index, passes, reference: $0, prior: priors[index]) }
  }
  let distances = passes.map { $0.value - estimate.raw.value }
  guard let model = SlopeModel.kept(probes, values: distances, leastVariance: scatter.explained) else {
    return
  }
  for (position, probe) in model.probes.enumerated() {
    estimate.slopes[probe.index] = model.slopes[position]
    estimate.slopeErrors[probe.index] = model.covariance[position][position].squareRoot()
  }
  var left = scatter
  left.between = model.residualVariance
  let moved = model.atReference
  estimate.adjusted = PassEstimate.Location(
    value: estimate.raw.value + moved.distance,
    standardError: (left.runVariance + moved.variance).squareRoot(), degreesOfFreedom: model.degreesOfFreedom)
}

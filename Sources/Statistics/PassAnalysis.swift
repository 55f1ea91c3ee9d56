// SPDX-License-Identifier: Apache-2.0

/// How much of the drift within a run goes on after it: its share of the drift's variance between passes.
///
/// What differs between passes beyond what their blocks explain is drift of the machine. It does not end with the run:
/// means over 1 s and over 5 s of one minute scatter alike, as flicker noise does, so more passes of the same minute
/// do not average it away. A run of passes sees the fast half of it and averages that; the slow half moves the run as a
/// whole.
public let driftPersistence = 0.5

/// What the passes of one run say together of one quantity, as they are and at a reference state of the machine.
///
/// The pass is the unit of replication, because blocks of the same seconds are not independent. The raw estimate is
/// the unweighted mean. With s² the variance of the passes' values and v what their blocks explain of it (the mean of
/// variance / count over passes that have a variance, 0 where none has), d = max(0, s² - v) is drift, and the estimate's
/// variance is s² / n + ``driftPersistence`` d with n - 1 degrees of freedom. One pass gives no interval; values that
/// do not differ give one without width.
///
/// The adjusted estimate is an analysis of covariance with passes as units: value = μ + Σ β (x - x̄) + error, where the
/// slopes β are normal about what the mechanism says (`priors`). A probe takes part where every pass and the reference
/// have it, and is kept where it explains: see ``SlopeModel``. Adjusted is μ at the reference state; its variance is
/// that of the raw one with what the probes leave in place of s², never less than v, plus what the slopes' errors make
/// of the distance between the passes' mean state and the reference.
///
/// - Parameters:
///   - passes: of one run. Means, or any centres whose variance is about that of a mean.
///   - reference: the state to adjust to, one logarithm a probe; nil where there is none.
///   - priors: one a probe.
/// - Precondition: as many priors as entries of the reference; counts are at least 1.
/// - Returns: nil where there is no pass, or a value or variance is NaN or infinite.
public func passEstimate(
  _ passes: [PassMean], reference: [Double?], priors: [SlopePrior]
) -> PassEstimate? {
  precondition(reference.count == priors.count, "a prior for each probe")
  precondition(passes.allSatisfy { $0.count > 0 }, "a mean is of values")
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
  let variance = moments.squares / (count - 1)
  let explained = mean(passes.compactMap { pass in pass.variance.map { $0 / Double(pass.count) } }) ?? 0
  let raw = PassEstimate.Location(
    value: moments.mean,
    standardError: runVariance(between: variance, explained: explained, passes: count).squareRoot(),
    degreesOfFreedom: count - 1)
  var estimate = PassEstimate(
    raw: raw, adjusted: nil, slopes: none, slopeErrors: none,
    betweenShare: betweenShare(of: passes, drift: max(0, variance - explained)), passes: passes.count)
  adjust(&estimate, passes, reference: reference, priors: priors, variance: variance, explained: explained)
  return estimate
}

/// The variance of a run's mean: `between` passes, of which their blocks explain a part.
private func runVariance(between: Double, explained: Double, passes: Double) -> Double {
  between / passes + driftPersistence * max(0, between - explained)
}

/// Which share of one value's variance the drift is. Where nothing varies it is 0.
private func betweenShare(of passes: [PassMean], drift: Double) -> Double? {
  guard let within = mean(passes.compactMap(\.variance)) else { return nil }
  return drift > 0 ? drift / (drift + within) : 0
}

private func adjust(
  _ estimate: inout PassEstimate, _ passes: [PassMean], reference: [Double?], priors: [SlopePrior],
  variance: Double, explained: Double
) {
  // Of values that do not differ there is nothing to explain.
  guard variance > 0 else { return }
  let probes = priors.indices.compactMap { index in
    reference[index].flatMap { SlopeModel.Probe(index, passes, reference: $0, prior: priors[index]) }
  }
  let distances = passes.map { $0.value - estimate.raw.value }
  guard let model = SlopeModel.kept(probes, values: distances, leastVariance: explained) else { return }
  for (position, probe) in model.probes.enumerated() {
    estimate.slopes[probe.index] = model.slopes[position]
    estimate.slopeErrors[probe.index] = model.covariance[position][position].squareRoot()
  }
  let moved = model.atReference
  let residual = runVariance(
    between: model.residualVariance, explained: explained, passes: Double(passes.count))
  estimate.adjusted = PassEstimate.Location(
    value: estimate.raw.value + moved.distance,
    standardError: (residual + moved.variance).squareRoot(), degreesOfFreedom: model.degreesOfFreedom)
}

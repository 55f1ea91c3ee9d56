// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Slopes of the passes' values on probes: a ridge towards what the mechanism says of each slope.
///
/// y = Xβ + error, both sides centred, error of variance σ² in each pass, β normal about b with standard deviations
/// L. With Z = XL and A = Z'Z + σ²I the posterior is β = b + L A⁻¹ Z'(y - Xb) with covariance σ² L A⁻¹ L (Hoerl &
/// Kennard 1970; Lindley & Smith 1972). With H = Z A⁻¹ Z', σ² is what the residuals' squares are over the trace of
/// I - H within the n - 1 dimensions that centring leaves, which makes y most likely: iterated from the values' own
/// variance. The information on σ² is the trace of (I - H)² times 1 / 2σ⁴, so that trace is its degrees of freedom:
/// n - 1 where priors say all, n - 1 - k where the passes had to tell k slopes.
///
/// A slope that lies far from its prior looks like scatter. So where a mechanism may be gone, as in a kernel that
/// needs no interrupt, the same model with priors about 0 is fitted too, and taken where the passes are
/// ``leastEvidence`` times as likely under it.
struct SlopeModel {
  /// A probe in every pass.
  struct Probe {
    /// Which of the priors' it is.
    var index: Int
    /// The passes' logarithms, less their mean.
    var distances: [Double]
    /// The reference, less the same mean.
    var reference: Double
    var prior: SlopePrior

    /// nil where a pass lacks it, or it or the reference is NaN or infinite.
    init?(_ index: Int, _ passes: [PassMean], reference: Double, prior: SlopePrior) {
      let values = passes.compactMap { $0.probes.indices.contains(index) ? $0.probes[index] : nil }
      guard values.count == passes.count, let center = meanAndSquares(values)?.mean, reference.isFinite else {
        return nil
      }
      self.index = index
      distances = values.map { $0 - center }
      self.reference = reference - center
      self.prior = prior
    }
  }

  /// How many standard errors from 0 a slope must lie for its probe to be adjusted for.
  ///
  /// An unrelated probe is kept in 2.5 % of runs of 5 passes and 1.5 % of 8, one of three in 5 and 4 %; at 3, twice
  /// as often.
  static let leastSlope = 3.5
  /// The same for a slope that the mechanism gives: one whose prior lies so far from 0 itself. Such a probe is
  /// adjusted for unless the passes contradict; a run that stays in one state cannot tell the slope, and needs it
  /// most.
  static let leastKnownSlope = 2.0

  /// How many times as likely the passes must be without the mechanism for it to count as gone.
  ///
  /// High: in a run within one state the probe moves by its own noise alone, and that has no slope. At 10 one of 16
  /// recorded runs of 5 passes lost a slope that the others had.
  static let leastEvidence = 100.0

  var probes: [Probe]
  var slopes: [Double]
  /// Of the slopes.
  var covariance: [[Double]]
  /// Variance of a pass's value that the probes leave.
  var residualVariance: Double
  /// Of the residual variance; at least 1.
  var degreesOfFreedom: Double
  /// How likely the passes' values are, but for a constant.
  private var logLikelihood: Double

  /// The model of the probes that explain: all of them first, then one less, the weakest, until every slope lies
  /// far enough from 0, ``leastSlope`` or ``leastKnownSlope`` standard errors, and the passes leave something to
  /// judge them by. nil where none is left: always with fewer than 3 passes.
  ///
  /// - Parameters:
  ///   - values: one a pass, less their mean; not all 0.
  ///   - leastVariance: what the residual variance is at least.
  static func kept(_ probes: [Probe], values: [Double], leastVariance: Double) -> SlopeModel? {
    var probes = probes
    while !probes.isEmpty {
      let model = fitted(probes, values: values, leastVariance: leastVariance)
      let strengths = probes.indices.map(model.strength)
      guard let weakest = strengths.indices.min(by: { strengths[$0] < strengths[$1] }) else { return nil }
      if strengths[weakest] >= 1, probes.count <= values.count - 2 { return model }
      probes.remove(at: weakest)
    }
    return nil
  }

  /// With priors as they are, or about 0 where the passes contradict them.
  private static func fitted(_ probes: [Probe], values: [Double], leastVariance: Double) -> SlopeModel {
    let model = SlopeModel(probes, values: values, leastVariance: leastVariance)
    guard probes.contains(where: { $0.prior.mean != 0 }) else { return model }
    let unrelated = probes.map { probe in
      var probe = probe
      probe.prior.mean = 0
      return probe
    }
    let gone = SlopeModel(unrelated, values: values, leastVariance: leastVariance)
    return gone.logLikelihood > model.logLikelihood + log(leastEvidence) ? gone : model
  }

  /// How far from 0 a slope lies, of what it must.
  private func strength(_ probe: Int) -> Double {
    guard slopes[probe] != 0 else { return 0 }
    let prior = probes[probe].prior
    let isKnown = prior.mean != 0 && abs(prior.mean) >= Self.leastKnownSlope * prior.standardDeviation
    let error = covariance[probe][probe].squareRoot()
    return abs(slopes[probe]) / error / (isKnown ? Self.leastKnownSlope : Self.leastSlope)
  }

  private init(_ probes: [Probe], values: [Double], leastVariance: Double) {
    let scales = probes.map(\.prior.standardDeviation)
    // What the priors' means leave, y - Xb.
    let left = values.indices.map { pass in
      probes.reduce(values[pass]) { $0 - $1.prior.mean * $1.distances[pass] }
    }
    let scaled = probes.map { probe in probe.distances.map { $0 * probe.prior.standardDeviation } }
    let products = scaled.map { row in scaled.map { dot(row, $0) } }
    let sides = scaled.map { dot($0, left) }
    let squares = dot(left, left)
    let freedom = Double(values.count - 1)
    // Not 0: that would leave A without an inverse where a probe did not vary.
    let least = max(leastVariance, 1e-12 * dot(values, values) / freedom)
    var variance = max(least, squares / freedom)
    var posterior = Posterior(products, sides, variance: variance)
    for _ in 0..<200 {
      let residuals = left.indices.map { pass in
        zip(posterior.weights, scaled).reduce(left[pass]) { $0 - $1.0 * $1.1[pass] }
      }
      let trace = freedom - Double(probes.count) + variance * posterior.trace
      let next = max(least, dot(residuals, residuals) / trace)
      if abs(next - variance) <= 1e-10 * variance { break }
      variance = next
      posterior = Posterior(products, sides, variance: variance)
    }
    let (inverse, weights) = (posterior.inverse, posterior.weights)
    self.probes = probes
    slopes = probes.indices.map { probes[$0].prior.mean + scales[$0] * weights[$0] }
    covariance = probes.indices.map { row in
      probes.indices.map { variance * scales[row] * inverse[row][$0] * scales[$0] }
    }
    residualVariance = variance
    let shares = inverse.reduce(0) { $0 + dot($1, $1) } * variance * variance
    degreesOfFreedom = max(1, freedom - Double(probes.count) + shares)
    logLikelihood =
      -(posterior.logDeterminant + (freedom - Double(probes.count)) * log(variance)
      + (squares - dot(sides, weights)) / variance) / 2
  }

  /// How far the value moves from the passes' mean state to the reference, and the variance that the slopes' errors
  /// give to that.
  var atReference: (distance: Double, variance: Double) {
    let steps = probes.map(\.reference)
    return (dot(slopes, steps), max(0, dot(covariance.map { dot($0, steps) }, steps)))
  }
}

/// Weights of the scaled probes, A⁻¹ Z'(y - Xb), and what they come from.
private struct Posterior {
  var inverse: [[Double]]
  var logDeterminant: Double
  var weights: [Double]

  init(_ products: [[Double]], _ sides: [Double], variance: Double) {
    (inverse, logDeterminant) = inverseOfPositiveDefinite(plusDiagonal(products, variance))
    weights = inverse.map { dot($0, sides) }
  }

  /// Of the inverse.
  var trace: Double { inverse.indices.reduce(0) { $0 + inverse[$1][$1] } }
}

private func dot(_ first: [Double], _ second: [Double]) -> Double {
  zip(first, second).reduce(0) { $0 + $1.0 * $1.1 }
}

private func plusDiagonal(_ matrix: [[Double]], _ value: Double) -> [[Double]] {
  var matrix = matrix
  for index in matrix.indices { matrix[index][index] += value }
  return matrix
}

/// The inverse of a symmetric positive definite matrix and the logarithm of its determinant, by Gauss-Jordan
/// elimination, which needs no pivoting there.
func inverseOfPositiveDefinite(_ matrix: [[Double]]) -> (inverse: [[Double]], logDeterminant: Double) {
  let size = matrix.count
  var logDeterminant = 0.0
  var rows = matrix.enumerated().map { index, row in row + (0..<size).map { $0 == index ? 1 : 0 } }
  for pivot in 0..<size {
    let divisor = rows[pivot][pivot]
    logDeterminant += log(divisor)
    rows[pivot] = rows[pivot].map { $0 / divisor }
    for other in 0..<size where other != pivot {
      let factor = rows[other][pivot]
      rows[other] = zip(rows[other], rows[pivot]).map { $0 - factor * $1 }
    }
  }
  return (rows.map { Array($0[size...]) }, logDeterminant)
}

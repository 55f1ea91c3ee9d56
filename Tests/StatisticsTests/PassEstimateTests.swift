// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Statistics

struct PassEstimateTests {
  private func passes(_ values: [Double], count: Int = 8, variance: Double? = nil) -> [PassMean] {
    values.map { PassMean(value: $0, count: count, variance: variance) }
  }

  private func estimate(_ passes: [PassMean], persistence: Double = driftPersistence) -> PassEstimate? {
    passEstimate(passes, reference: [], priors: [], persistence: persistence)
  }

  @Test func meanAndVarianceOfAPass() {
    #expect(
      PassMean(of: [1, 2, 6], probes: [nil]) == PassMean(value: 3, count: 3, variance: 7, probes: [nil]))
    #expect(PassMean(of: [5]) == PassMean(value: 5, count: 1, variance: nil))
    #expect(PassMean(of: []) == nil)
    #expect(PassMean(of: [1, .nan]) == nil)
    #expect(PassMean(of: [-1e200, 1e200]) == nil)
  }

  /// s² = 5/3.
  @Test func whatBlocksDoNotExplainIsDrift() throws {
    let none = try #require(estimate(passes([1, 2, 3, 4])))
    #expect(none.raw.value == 2.5 && none.raw.degreesOfFreedom == 3 && none.passes == 4)
    #expect(isClose(none.raw.standardError, (5.0 / 3 * (0.25 + 0.3)).squareRoot()))
    #expect(none.betweenShare == nil && none.adjusted == nil)
    // v = 1.
    let some = try #require(estimate(passes([1, 2, 3, 4], variance: 8)))
    #expect(isClose(some.raw.standardError, (5.0 / 12 + 0.3 * 2 / 3).squareRoot()))
    #expect(isClose(some.betweenShare, 2.0 / 3 / (2.0 / 3 + 8)))
    // v = 2, more than the passes scatter by.
    let all = try #require(estimate(passes([1, 2, 3, 4], variance: 16)))
    #expect(isClose(all.raw.standardError, (0.5 + 0.3 * 0.3).squareRoot()))
    #expect(all.betweenShare == 0)
    let independent = try #require(estimate(passes([1, 2, 3, 4]), persistence: 0))
    #expect(isClose(independent.raw.standardError, (5.0 / 12).squareRoot()))
  }

  /// Those that have a variance say what blocks explain.
  @Test func passesWithoutAVarianceDoNotCount() {
    var mixed = passes([1, 2, 3, 4], variance: 8)
    mixed[0].variance = nil
    mixed[0].count = 1
    #expect(estimate(mixed) == estimate(passes([1, 2, 3, 4], variance: 8)))
  }

  @Test func onePassHasNoInterval() throws {
    let one = try #require(estimate(passes([3], variance: 1)))
    #expect(one.raw == PassEstimate.Location(value: 3, standardError: .infinity, degreesOfFreedom: 0))
    #expect(one.raw.interval() == .unbounded && one.raw.pValue(of: 7) == 1)
    #expect(one.betweenShare == nil && one.passes == 1)
  }

  /// Counted instructions.
  @Test func whatDoesNotVaryHasNoWidth() throws {
    let same = try #require(estimate(passes([0.1, 0.1, 0.1], variance: 0)))
    #expect(same.raw.interval() == Interval(low: 0.1, high: 0.1))
    #expect(same.raw.pValue(of: 0.1) == 1 && same.raw.pValue(of: 0.2) == 0)
    #expect(same.betweenShare == 0)
    let blocksVary = try #require(estimate(passes([0.1, 0.1, 0.1], variance: 1)))
    #expect(blocksVary.raw.standardError > 0)
  }

  @Test func withoutAnswer() {
    #expect(estimate([]) == nil)
    #expect(estimate(passes([1, .nan])) == nil)
    #expect(estimate(passes([1, .infinity])) == nil)
    #expect(estimate(passes([1, 2], variance: .nan)) == nil)
  }
}

/// Known answers from numpy and scipy.optimize, by the n × n form of the posterior in the n - 1 dimensions that
/// centring leaves: K = X S X', W = (σ² I + K)⁻¹, β = b + S X' W e, covariance S - S X' W X S, σ² at the greatest
/// likelihood log|W| / 2 - e' W e / 2 found numerically, or v where that is more, degrees of freedom the trace of (σ²
/// W)².
struct AdjustmentTests {
  static let values = [0.2118, -0.1117, 0.0331, -0.1371, 0.1824, 0.0631, -0.0289]
  static let probes = [
    [2.501, 2.2262], [2.2069, 2.3735], [2.3535, 2.3158], [2.1604, 2.2956], [2.4043, 2.0984],
    [2.2314, 2.0148],
    [2.1066, 2.0237],
  ]
  static let variances = [0.000656, 0.00138, 0.00047, 0.000457, 0.001224, 0.001146, 0.001867]
  static let known = [
    SlopePrior(mean: 0.8, standardDeviation: 0.2), SlopePrior(mean: 0, standardDeviation: 0.3),
  ]

  private func passes(_ values: [Double], _ probes: [[Double?]], variances: [Double]? = nil) -> [PassMean] {
    values.indices.map {
      PassMean(value: values[$0], count: 8, variance: variances?[$0], probes: probes[$0])
    }
  }

  private func expect(_ estimate: PassEstimate?, _ expected: [Double]) throws {
    let estimate = try #require(estimate)
    let adjusted = try #require(estimate.adjusted)
    let figures =
      estimate.slopes + estimate.slopeErrors
      + [adjusted.degreesOfFreedom, adjusted.value, adjusted.standardError]
    for (figure, expected) in zip(figures, expected) {
      #expect(isClose(figure, expected, tolerance: 1e-7), "\(String(describing: figure)), not \(expected)")
    }
  }

  @Test func twoProbes() throws {
    let measured = passes(Self.values, Self.probes, variances: Self.variances)
    try expect(
      passEstimate(measured, reference: [2.4, 2.2], priors: Self.known, persistence: 0.6),
      [
        0.8720633434581351, -0.4736191297903293, 0.03236791923767706, 0.03172702784302019, 4.000821725183432,
        0.13100422200679374, 0.006684973345967816,
      ])
  }

  @Test func nothingExplainedByBlocks() throws {
    try expect(
      passEstimate(
        passes(Self.values, Self.probes), reference: [2.4, 2.2], priors: Self.known, persistence: 0.6),
      [
        0.8720774805545995, -0.4736491140402196, 0.03228261425388711, 0.03164215144048314, 4.000813078334485,
        0.13100568743792806, 0.010472168366044398,
      ])
  }

  /// The slopes are as the passes say, and the residuals scatter less than blocks do: that is not claimed.
  @Test func priorsThatSayNothing() throws {
    try expect(
      passEstimate(
        passes(Self.values, Self.probes, variances: Self.variances), reference: [2.4, 2.2],
        priors: [SlopePrior(mean: 0, standardDeviation: 5), SlopePrior(mean: 0, standardDeviation: 5)],
        persistence: 0.6),
      [
        0.8747168092031912, -0.47921286326307105, 0.0328030540444557, 0.03191314887489402, 4.000000003580225,
        0.13127953020046657, 0.006714497852652503,
      ])
  }

  @Test func aProbeMustBeThereThroughout() {
    var measured = passes(Self.values, Self.probes, variances: Self.variances)
    measured[3].probes[1] = nil
    measured[4].probes.removeLast()
    let without = passEstimate(measured, reference: [2.4, 2.2], priors: Self.known)
    #expect(without?.slopes[0] != nil && without?.slopes[1] == nil && without?.slopeErrors[1] == nil)
    let all = passes(Self.values, Self.probes, variances: Self.variances)
    let unreferenced = passEstimate(all, reference: [2.4, nil], priors: Self.known)
    #expect(unreferenced?.slopes[1] == nil)
    #expect(isClose(unreferenced?.adjusted?.value, without?.adjusted?.value ?? .nan))
    measured[0].probes[0] = .nan
    #expect(passEstimate(measured, reference: [2.4, 2.2], priors: Self.known)?.adjusted == nil)
  }

  @Test func whatDoesNotExplainIsLeftOut() {
    let flat = passes([0.1, -0.1, 0.1, -0.1, 0], [[1], [1], [2], [2], [1.5]])
    let prior = SlopePrior(mean: 0, standardDeviation: 1)
    let estimate = passEstimate(flat, reference: [3], priors: [prior])
    #expect(estimate?.adjusted == nil && estimate?.slopes == [nil] && estimate?.slopeErrors == [nil])
    let nothing = SlopePrior(mean: 0, standardDeviation: 0)
    #expect(passEstimate(flat, reference: [3], priors: [nothing])?.adjusted == nil)
  }

  /// Values that lie on a line, and a slope that is known: neither leaves anything to be uncertain of.
  @Test func exactSlopes() throws {
    let line = passes([2, 4, 6, 8], [[1], [2], [3], [4]])
    let learnt = passEstimate(
      line, reference: [10], priors: [SlopePrior(mean: 0, standardDeviation: 100)])
    #expect(isClose(learnt?.adjusted?.value, 20, tolerance: 1e-6))
    #expect(learnt.map { ($0.adjusted?.standardError ?? 1) < 1e-4 } == true)
    let known = passEstimate(line, reference: [10], priors: [SlopePrior(mean: 2, standardDeviation: 0)])
    #expect(known?.slopes == [2] && known?.slopeErrors == [0])
    #expect(isClose(known?.adjusted?.value, 20))
  }

  /// A run within one state cannot tell the slope; what the mechanism says still moves it to the reference, for as
  /// much uncertainty as the prior has.
  @Test func aRunWithinOneState() throws {
    let still = passes([0.5, 0.51, 0.49, 0.5], [[2.6], [2.6], [2.6], [2.6]], variances: [0, 0, 0, 0])
    let prior = SlopePrior(mean: 0.8, standardDeviation: 0.2)
    let adjusted = try #require(passEstimate(still, reference: [2.4], priors: [prior])?.adjusted)
    #expect(isClose(adjusted.value, 0.5 - 0.8 * 0.2, tolerance: 1e-9))
    #expect(adjusted.standardError > 0.2 * 0.2)
    let open = SlopePrior(mean: 0, standardDeviation: 0.2)
    #expect(passEstimate(still, reference: [2.4], priors: [open])?.adjusted == nil)
  }

  @Test func tooFewPassesToTellSlopes() {
    let prior = SlopePrior(mean: 0.8, standardDeviation: 0.1)
    let two = passes([0.5, 0.6], [[2.4], [2.5]], variances: [0.001, 0.001])
    #expect(passEstimate(two, reference: [2.4], priors: [prior])?.adjusted == nil)
    let three = passes(
      [0.5, 0.66, 0.65], [[2.4, 1], [2.5, 1.1], [2.4, 1.2]], variances: [0.001, 0.001, 0.001])
    let estimate = passEstimate(three, reference: [2.4, 1], priors: [prior, prior])
    #expect(estimate?.slopes.count { $0 != nil } == 1)
  }

  /// The mechanism is gone, as in a kernel that needs no interrupt.
  @Test func passesContradictTheMechanism() {
    let still = passes([0.5, 0.51, 0.49, 0.5, 0.505], [[2.6], [2.2], [2.4], [2.5], [2.3]])
    let prior = SlopePrior(mean: 0.8, standardDeviation: 0.2)
    #expect(passEstimate(still, reference: [2.4], priors: [prior])?.adjusted == nil)
  }

  @Test func inverses() {
    let (inverse, logDeterminant) = inverseOfPositiveDefinite([[4, 2, 0], [2, 3, 1], [0, 1, 2]])
    #expect(isClose(logDeterminant, log(12)))
    let twelvefold: [[Double]] = [[5, -4, 2], [-4, 8, -4], [2, -4, 8]]
    for (row, other) in zip(inverse, twelvefold) {
      for (value, expected) in zip(row, other) { #expect(isClose(12 * value, expected)) }
    }
  }
}

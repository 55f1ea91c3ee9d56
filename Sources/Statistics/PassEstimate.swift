// SPDX-License-Identifier: Apache-2.0

/// What one pass says of one quantity: the trimmed mean over its blocks, and what the machine was like meanwhile.
public struct PassMean: Hashable, Sendable {
  /// The share of a pass's values left out at either end: the mean of the middle half.
  ///
  /// Blocks of a shared machine have long tails: the logarithm of memfd's ratio to guest_memfd has a standard deviation
  /// of 8.7 % within a pass, and 4.4 % by its median absolute deviation (Results/repeatability). The middle half's mean
  /// made the standard error of a quick run's ratios smaller by a fifth to a third where blocks decide it, and no larger
  /// where drift does.
  public static let trimming = 0.25

  /// Trimmed mean of the pass's values, in their unit (logarithms for a ratio).
  public var value: Double
  /// How many values it is of; at least 1.
  public var count: Int
  /// Of one value, so that variance / count is that of the trimmed mean; nil where one value tells none.
  public var variance: Double?
  /// Logarithms of the probes, in a fixed order; nil where one was not measured.
  public var probes: [Double?]

  /// A pass with these figures.
  public init(value: Double, count: Int, variance: Double?, probes: [Double?] = []) {
    self.value = value
    self.count = count
    self.variance = variance
    self.probes = probes
  }

  /// The trimmed mean of a pass's values, and its variance from the winsorized ones (Tukey & McLaughlin 1963): the
  /// variance of the values with those left out pulled in to the nearest that is not, over (1 - 2 trimming)².
  ///
  /// nil where there is no value, or the mean or the variance is NaN or infinite. Fewer than 1 / `trimming` values are
  /// not trimmed.
  ///
  /// - Parameter trimming: the share of values to leave out at either end; 0 for the mean.
  /// - Precondition: `0 <= trimming && trimming < 0.5`
  public init?(of values: [Double], trimming: Double = Self.trimming, probes: [Double?] = []) {
    precondition((0..<0.5).contains(trimming), "a share below a half")
    guard values.allSatisfy(\.isFinite) else { return nil }
    let sorted = values.sorted()
    let outside = Int(trimming * Double(sorted.count))
    let middle = sorted[outside..<(sorted.count - outside)]
    guard let center = meanAndSquares(Array(middle))?.mean, let low = middle.first, let high = middle.last,
      let squares = meanAndSquares(sorted.map { min(max($0, low), high) })?.squares, squares.isFinite
    else { return nil }
    let kept = Double(middle.count) / Double(sorted.count)
    let variance = values.count > 1 ? squares / Double(values.count - 1) / (kept * kept) : nil
    self.init(value: center, count: values.count, variance: variance, probes: probes)
  }
}

/// What is known of a probe's slope before any data: how much the value moves for each unit of the probe's logarithm.
///
/// Where both are logarithms it is an elasticity: 0.87 says that a tenth more of the probe is 8.7 % more of the
/// value.
public struct SlopePrior: Hashable, Sendable {
  public var mean: Double
  /// How far the slope may lie from the mean; 0 where it is known, and never infinite.
  public var standardDeviation: Double

  /// A normal prior.
  ///
  /// - Precondition: `mean` is finite, `standardDeviation` is finite and not negative.
  public init(mean: Double, standardDeviation: Double) {
    precondition(mean.isFinite && standardDeviation.isFinite && standardDeviation >= 0, "no prior")
    self.mean = mean
    self.standardDeviation = standardDeviation
  }
}

/// What passes say together of one quantity.
public struct PassEstimate: Hashable, Sendable {
  /// A value and how well it is known: Student's t about it, with this standard error and so many degrees of freedom.
  public struct Location: Hashable, Sendable {
    /// In the unit of the values given: logarithms for a ratio.
    public var value: Double
    /// In the same unit. 0 where nothing varies; infinite where nothing is known of it.
    public var standardError: Double
    /// Of Student's t; need not be whole. 0 where the standard error is infinite.
    public var degreesOfFreedom: Double

    /// A value known so well.
    public init(value: Double, standardError: Double, degreesOfFreedom: Double) {
      self.value = value
      self.standardError = standardError
      self.degreesOfFreedom = degreesOfFreedom
    }
  }

  /// At the states that the passes happened to have.
  public var raw: Location
  /// At the reference state; nil where the probes explain nothing.
  public var adjusted: Location?
  /// By probe; nil where that probe is not adjusted for.
  public var slopes: [Double?]
  /// Standard errors of the slopes; nil where a slope is.
  public var slopeErrors: [Double?]
  /// Share of the variance of a value that lies between passes, from 0 to 1; nil where that is not known.
  public var betweenShare: Double?
  /// How many passes there were; at least 1.
  public var passes: Int

  /// An estimate with these parts.
  public init(
    raw: Location, adjusted: Location?, slopes: [Double?], slopeErrors: [Double?], betweenShare: Double?,
    passes: Int
  ) {
    self.raw = raw
    self.adjusted = adjusted
    self.slopes = slopes
    self.slopeErrors = slopeErrors
    self.betweenShare = betweenShare
    self.passes = passes
  }
}

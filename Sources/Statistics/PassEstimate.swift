// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What one pass says of one quantity: the mean over its blocks, and what the machine was like meanwhile.
public struct PassMean: Hashable, Sendable {
  /// Mean of the pass's values, in their unit (logarithms for a ratio).
  public var value: Double
  /// How many values the mean is of; at least 1.
  public var count: Int
  /// Variance of the values within the pass; nil where one value tells none.
  public var variance: Double?
  /// Logarithms of the probes, in a fixed order; nil where one was not measured.
  public var probes: [Double?]

  public init(value: Double, count: Int, variance: Double?, probes: [Double?] = []) {
    self.value = value
    self.count = count
    self.variance = variance
    self.probes = probes
  }
}

/// What is known of a probe's slope before any data: how much the value moves for each unit of the probe's logarithm.
public struct SlopePrior: Hashable, Sendable {
  public var mean: Double
  public var standardDeviation: Double

  public init(mean: Double, standardDeviation: Double) {
    self.mean = mean
    self.standardDeviation = standardDeviation
  }
}

/// What passes say together of one quantity.
public struct PassEstimate: Hashable, Sendable {
  /// A quantity at the state of the machine that it was measured in, or at a stated one.
  public struct Location: Hashable, Sendable {
    public var value: Double
    public var standardError: Double
    public var degreesOfFreedom: Double
  }

  /// At the states that the passes happened to have.
  public var raw: Location
  /// At the reference state; nil where the probes explain nothing.
  public var adjusted: Location?
  /// By probe; nil where that probe is not adjusted for.
  public var slopes: [Double?]
  public var slopeErrors: [Double?]
  /// Share of the variance of a value that lies between passes, from 0 to 1; nil where that is not known.
  public var betweenShare: Double?
  public var passes: Int
}

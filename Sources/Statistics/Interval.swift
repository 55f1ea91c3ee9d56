// SPDX-License-Identifier: Apache-2.0

/// A two-sided interval. Bounds are infinite where the data cannot give a finite one.
public struct Interval: Hashable, Sendable {
  public var low: Double
  public var high: Double

  public init(low: Double, high: Double) {
    self.low = low
    self.high = high
  }

  /// What is known before any data: nothing.
  public static let unbounded = Interval(low: -.infinity, high: .infinity)

  public var isFinite: Bool { low.isFinite && high.isFinite }
}

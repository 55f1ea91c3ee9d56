// SPDX-License-Identifier: Apache-2.0

/// A two-sided interval, in the unit of the values given. Bounds are infinite where the data cannot give a
/// finite one.
public struct Interval: Hashable, Sendable {
  /// The lower bound; `-infinity` where there is none.
  public var low: Double
  /// The upper bound; `infinity` where there is none.
  public var high: Double

  /// An interval with these bounds. Nothing is checked: `low <= high` is the caller's promise.
  public init(low: Double, high: Double) {
    self.low = low
    self.high = high
  }

  /// What is known before any data: nothing.
  public static let unbounded = Interval(low: -.infinity, high: .infinity)

  /// Whether both bounds are known.
  public var isFinite: Bool { low.isFinite && high.isFinite }

  /// Whether a value lies between the bounds, themselves included.
  public func contains(_ value: Double) -> Bool { low <= value && value <= high }

  /// Half the width as a share of the centre's magnitude, `(high - low) / 2 / |center|`: the precision reached.
  ///
  /// Infinite where a bound is, where the centre is NaN, and around a centre of 0, because no precision can
  /// then be claimed. An interval without width is precise around any centre, 0 included: the answer is 0.
  public func relativeHalfWidth(around center: Double) -> Double {
    guard isFinite, !center.isNaN else { return .infinity }
    // Halved first: the difference of two enormous bounds overflows.
    let halfWidth = high / 2 - low / 2
    return halfWidth == 0 ? 0 : halfWidth / abs(center)
  }
}

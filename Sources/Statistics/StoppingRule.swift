// SPDX-License-Identifier: Apache-2.0

/// When enough blocks have been measured: a sequential rule that leaves a 95 % interval a 95 % interval.
///
/// Whoever stops at the first look at which an interval is narrow enough stops preferably where it is narrow by luck,
/// and covers the truth less often than it says: the signed-rank interval in 93.5 % of runs at worst. A finite number
/// of further observations repairs that (Simons 1968, "On the cost of not knowing the variance when making a
/// fixed-width confidence interval for the mean"). So the interval must be narrow enough at two looks in a row: the
/// pass between them is Simons' further one, and a run never ends, but for its budget, wider than was asked.
///
/// A look is after each pass from the ``firstLook``th on, because earlier no interval is both finite and narrow by
/// more than luck.
public struct StoppingRule: Hashable, Sendable {
  /// Passes before the first look.
  public static let firstLook = 5

  /// The relative half-width at which an interval is narrow enough: 0.02 for ± 2 %.
  public let precision: Double
  private var wasPrecise = false

  /// A rule before its first look.
  ///
  /// - Precondition: `precision >= 0`.
  public init(precision: Double) {
    precondition(precision >= 0, "a precision is not negative")
    self.precision = precision
  }

  /// Whether the interval is looked at after so many passes. Looking earlier would void the coverage.
  public static func isLook(afterPasses passes: Int) -> Bool { passes >= firstLook }

  /// Takes note of a look, and says whether to stop.
  ///
  /// - Parameter relativeHalfWidth: the widest of all intervals that must be narrow, as
  ///   ``Interval/relativeHalfWidth(around:)`` gives it; NaN counts as too wide.
  public mutating func shouldStop(relativeHalfWidth: Double) -> Bool {
    let isPrecise = relativeHalfWidth <= precision
    defer { wasPrecise = isPrecise }
    return isPrecise && wasPrecise
  }
}

/// How many blocks in all would bring an interval to a precision, given the width that it has now.
///
/// Widths shrink with 1/√n: n (width / precision)², rounded up. An estimate from one width, itself known to about
/// ± 1/√(2n), so good for a budget and not for a promise. No fewer than there are already.
///
/// - Precondition: `blocks > 0 && precision >= 0 && relativeHalfWidth >= 0`.
/// - Returns: nil where no number is known: the width is infinite, or the precision 0 and the width not, or the
///   number leaves the range of Int.
public func blocksNeeded(precision: Double, blocks: Int, relativeHalfWidth: Double) -> Int? {
  precondition(blocks > 0 && precision >= 0 && relativeHalfWidth >= 0, "nothing to extrapolate from")
  guard relativeHalfWidth > precision else { return blocks }
  let factor = relativeHalfWidth / precision
  return Int(exactly: (Double(blocks) * factor * factor).rounded(.up))
}

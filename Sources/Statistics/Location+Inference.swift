// SPDX-License-Identifier: Apache-2.0
import Glibc

extension PassEstimate.Location {
  /// The two-sided interval of Student's t, in the unit of the value.
  ///
  /// Without width where the standard error is 0; unbounded where it is infinite.
  ///
  /// - Precondition: `0 < confidence && confidence < 1`.
  public func interval(confidence: Double = 0.95) -> Interval {
    precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
    guard standardError != 0 else { return Interval(low: value, high: value) }
    guard isBounded else { return .unbounded }
    let tail = (1 - confidence) / 2
    // Beyond, t is the normal but for a millionth, and the arithmetic of t loses digits.
    let quantile = upperStudentQuantile(tail, degreesOfFreedom: min(degreesOfFreedom, 1e6))
    return Interval(low: value - quantile * standardError, high: value + quantile * standardError)
  }

  /// How likely a value is to lie at least as far from `null`, in either direction, if `null` is the truth: Student's
  /// two-sided t-test, from 0 to 1.
  ///
  /// With a standard error of 0 it is 1 if the two are equal and 0 if not; with an infinite one it is 1.
  public func pValue(of null: Double) -> Double {
    guard standardError != 0 else { return value == null ? 1 : 0 }
    guard isBounded else { return 1 }
    return twoSidedStudentTail((value - null) / standardError, degreesOfFreedom: degreesOfFreedom)
  }

  /// Whether anything is known of the error.
  fileprivate var isBounded: Bool { standardError.isFinite && degreesOfFreedom > 0 }
}

/// The difference of two independent estimates, new minus old.
///
/// Variances add up; the degrees of freedom are those of Welch (1947) and Satterthwaite (1946). Where one of the two
/// has no interval the difference has none. Where neither varies the difference has no width.
public func differenceOfEstimates(
  _ new: PassEstimate.Location, _ old: PassEstimate.Location
) -> PassEstimate.Location {
  let value = new.value - old.value
  let parts = [new, old].filter { $0.standardError != 0 }
  guard parts.allSatisfy(\.isBounded) else {
    return PassEstimate.Location(value: value, standardError: .infinity, degreesOfFreedom: 0)
  }
  guard !parts.isEmpty else {
    return PassEstimate.Location(
      value: value, standardError: 0, degreesOfFreedom: min(new.degreesOfFreedom, old.degreesOfFreedom))
  }
  let variance = parts.reduce(0) { $0 + $1.standardError * $1.standardError }
  let freedom = satterthwaite(parts.map { ($0.standardError * $0.standardError, $0.degreesOfFreedom) })
  return PassEstimate.Location(
    value: value, standardError: variance.squareRoot(), degreesOfFreedom: freedom)
}

/// The p-value of the claim that a difference is smaller than a margin, in either direction: two one-sided tests
/// (Schuirmann 1987). Where it is small, "no change" is shown; where it is not, one cannot tell.
///
/// With a standard error of 0 it is 0 inside the margin and 1 elsewhere; with an infinite one it is 1. At 0.05 it
/// says yes just where the 90 % interval lies within the margin.
///
/// - Parameter margin: in the difference's unit; a logarithm for a ratio.
/// - Precondition: `margin >= 0`.
public func equivalence(_ difference: PassEstimate.Location, within margin: Double) -> Double {
  precondition(margin >= 0, "a margin is not negative")
  guard difference.standardError != 0 else { return abs(difference.value) < margin ? 0 : 1 }
  guard difference.isBounded else { return 1 }
  // The nearer bound decides.
  let distance = margin - abs(difference.value)
  let tail = twoSidedStudentTail(
    distance / difference.standardError, degreesOfFreedom: difference.degreesOfFreedom)
  return distance >= 0 ? tail / 2 : 1 - tail / 2
}

/// The degrees of freedom of a sum of independent variances, each with its own (Satterthwaite 1946).
///
/// - Precondition: a variance that is not 0 has more than 0.
func satterthwaite(_ parts: [(variance: Double, degreesOfFreedom: Double)]) -> Double {
  let total = parts.reduce(0) { $0 + $1.variance }
  // As shares: squares of small variances vanish.
  let sum = parts.reduce(0) { sum, part in
    let share = part.variance / total
    return share > 0 ? sum + share * share / part.degreesOfFreedom : sum
  }
  return 1 / sum
}

/// The probability that Student's t lies at least this far from 0, in either direction: I_x(ν/2, 1/2) with
/// x = ν / (ν + t²) (Abramowitz & Stegun 26.7.1). Infinitely many degrees of freedom are the normal's.
func twoSidedStudentTail(_ t: Double, degreesOfFreedom: Double) -> Double {
  guard degreesOfFreedom < 1e6 else { return erfc(abs(t) / 2.0.squareRoot()) }
  return regularizedIncompleteBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5)
}

/// The t that a value of Student's distribution exceeds with this probability, 0 < probability <= 1/2.
///
/// Beyond ± t lies I_x(ν/2, 1/2) with x = ν / (ν + t²) (Abramowitz & Stegun 26.7.1); x is halved out of it.
func upperStudentQuantile(_ probability: Double, degreesOfFreedom: Double) -> Double {
  var low = 0.0
  var high = 1.0
  for _ in 0..<64 {
    let middle = (low + high) / 2
    if regularizedIncompleteBeta(middle, degreesOfFreedom / 2, 0.5) < 2 * probability {
      low = middle
    } else {
      high = middle
    }
  }
  return (degreesOfFreedom * (1 - high) / high).squareRoot()
}

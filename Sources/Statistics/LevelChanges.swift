// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The points at which a series of values that hardly scatter from night to night changed, such as counted
/// instructions, where one night is enough to tell.
///
/// A value is a change where it differs from the median of the values since the change before it by at least
/// `minimumMagnitude`, and its interval and that of the value just before it share nothing. So a drift that is too slow
/// for any one night is found once it has come that far. There is no p-value: intervals of blocks know nothing of what
/// differs between boots, which the magnitude has to cover.
///
/// - Parameters:
///   - estimates: each night's value and interval, oldest first.
///   - minimumMagnitude: a share, as of ``ChangePointRule``.
/// - Returns: nil where a value is 0 or less, NaN or infinite.
/// - Complexity: O(n m log m) time for stretches of m values.
public func levelChanges(in estimates: [LocationEstimate], minimumMagnitude: Double) -> [ChangePoint]? {
  guard estimates.allSatisfy({ $0.value > 0 && $0.value.isFinite }) else { return nil }
  let bound = log(1 + minimumMagnitude)
  var starts = [0]
  for index in estimates.indices {
    let (value, stretch) = (estimates[index], estimates[(starts.last ?? 0)..<index])
    guard let last = stretch.last, let level = median(stretch.map(\.value)) else { continue }
    let isApart = value.interval.low > last.interval.high || value.interval.high < last.interval.low
    if isApart, abs(log(value.value / level)) >= bound { starts.append(index) }
  }
  let ends = starts.dropFirst() + [estimates.count]
  let stretches = zip(starts, ends).map { $0..<$1 }
  return zip(stretches, stretches.dropFirst()).map { before, after in
    ChangePoint(
      index: after.lowerBound, region: after.lowerBound...after.lowerBound, before: before, after: after,
      ratio: ratio(of: estimates[before], estimates[after]), pValue: 0)
  }
}

/// The ratio of the medians, and the widest that the intervals of two of the values allow.
private func ratio(
  of before: ArraySlice<LocationEstimate>, _ after: ArraySlice<LocationEstimate>
) -> LocationEstimate {
  func bounds(_ estimates: ArraySlice<LocationEstimate>) -> (value: Double, low: Double, high: Double) {
    let low = estimates.map(\.interval.low).min() ?? 0
    return (
      median(estimates.map(\.value)) ?? .nan, max(low, 0), estimates.map(\.interval.high).max() ?? .infinity
    )
  }
  let (first, second) = (bounds(before), bounds(after))
  return LocationEstimate(
    value: second.value / first.value,
    interval: Interval(
      low: first.high > 0 ? second.low / first.high : 0,
      high: first.low > 0 ? second.high / first.low : .infinity))
}

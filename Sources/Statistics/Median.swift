// SPDX-License-Identifier: Apache-2.0

/// The median: the middle value, or the mean of the two middle values where their number is even.
///
/// In the unit of the values given. `nil` where there is no value, where one is NaN, and where the two middle
/// values are infinities of opposite sign. One value is its own median. The order of the values does not matter.
///
/// - Complexity: O(n) on average, O(n log n) at worst; one copy of the values.
public func median(_ values: [Double]) -> Double? {
  guard !values.isEmpty, !values.contains(where: \.isNaN) else { return nil }
  var copy = values
  let middle = values.count / 2
  let result = copy.withUnsafeMutableBufferPointer { buffer in
    let upper = select(middle, in: buffer)
    guard buffer.count.isMultiple(of: 2) else { return upper }
    // After the selection everything left of `middle` is at most the value there.
    let lower = buffer[..<middle].max() ?? upper
    return midpoint(lower, upper)
  }
  return result.isNaN ? nil : result
}

/// The mean of two values, also where their sum overflows.
func midpoint(_ first: Double, _ second: Double) -> Double {
  let sum = first + second
  return sum.isFinite ? sum / 2 : first / 2 + second / 2
}

/// Moves the value of rank `index` (from 0) to its place, nothing smaller right of it and nothing larger left of
/// it, and returns it. Quickselect (Hoare 1961) with the median of three as pivot.
///
/// Some orders, organ pipes among them, make such a pivot bad each time; after more rounds than a lucky run
/// needs, what is left is sorted instead, which bounds the worst case.
///
/// - Precondition: `buffer` holds no NaN, and `index` is one of its indices.
private func select(_ index: Int, in buffer: UnsafeMutableBufferPointer<Double>) -> Double {
  var low = 0
  var high = buffer.count - 1
  var rounds = 2 * (Int.bitWidth - buffer.count.leadingZeroBitCount)
  while high - low > 16, rounds > 0 {
    rounds -= 1
    let pivot = medianOfThree(buffer[low], buffer[low + (high - low) / 2], buffer[high])
    var left = low
    var right = high
    while left <= right {
      while buffer[left] < pivot { left += 1 }
      while buffer[right] > pivot { right -= 1 }
      guard left <= right else { break }
      buffer.swapAt(left, right)
      left += 1
      right -= 1
    }
    if index <= right {
      high = right
    } else if index >= left {
      low = left
    } else {
      return buffer[index]
    }
  }
  var rest = buffer[low...high]
  rest.sort()
  return buffer[index]
}

private func medianOfThree(_ first: Double, _ second: Double, _ third: Double) -> Double {
  max(min(first, second), min(max(first, second), third))
}

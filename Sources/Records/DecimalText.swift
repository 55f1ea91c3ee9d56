// SPDX-License-Identifier: Apache-2.0

/// Decimal text to Double, for the millions of numbers in samples.csv.
enum DecimalText {
  /// The value of `digits[.digits]`, a minus sign before it or not, and how many bytes that took; exactly what
  /// `Double(text)` gives. Nil for every other form (an exponent, more than 19 significant digits, more than 19
  /// decimals, anything that is no number), which is left to `Double`.
  ///
  /// The digits make a whole number m and the point a power of ten d, both below 2^64, and m / d is rounded once:
  /// a quotient of 63 or 64 bits, whose last bit stands for whatever the division leaves over, is more than the
  /// 53 bits and the two behind them that rounding to the nearest looks at.
  static func parse(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> (value: Double, end: Int)? {
    var index = start
    let isNegative = index < bytes.count && bytes[index] == UInt8(ascii: "-")
    if isNegative { index += 1 }
    var number: UInt64 = 0
    var digits = 0
    let whole = index
    takeDigits(bytes, &index, &number, &digits)
    guard index > whole else { return nil }
    var decimals = 0
    if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
      index += 1
      let fraction = index
      takeDigits(bytes, &index, &number, &digits)
      decimals = index - fraction
      guard decimals > 0 else { return nil }
    }
    guard digits <= 19, decimals < powersOfTen.count else { return nil }
    let value = quotient(number, decimals: decimals)
    return (isNegative ? -value : value, index)
  }

  /// The whole number that stands there, of up to 18 digits, and where it ends.
  static func parseWhole(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> (value: Int, end: Int)? {
    var index = start
    var number: UInt64 = 0
    var digits = 0
    takeDigits(bytes, &index, &number, &digits)
    return index > start && digits <= 18 ? (Int(number), index) : nil
  }

  /// Leading zeros are no digits: they bear on the point alone. What overflows is refused by the digits' number.
  @inline(__always)
  private static func takeDigits(
    _ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int, _ number: inout UInt64, _ digits: inout Int
  ) {
    while index < bytes.count {
      let digit = bytes[index] &- UInt8(ascii: "0")
      guard digit < 10 else { return }
      number = number &* 10 &+ UInt64(digit)
      if number != 0 { digits += 1 }
      index += 1
    }
  }

  private static func quotient(_ number: UInt64, decimals: Int) -> Double {
    guard number != 0, decimals > 0 else { return Double(number) }
    let divisor = powersOfTen[decimals]
    let numberShift = number.leadingZeroBitCount
    let divisorShift = divisor.leadingZeroBitCount
    let dividend = number << UInt64(numberShift)
    // Half of it, so that the quotient fits into 64 bits.
    let (quotient, rest) = (divisor << UInt64(divisorShift)).dividingFullWidth(
      (dividend >> 1, dividend << 63))
    let exponent = divisorShift - numberShift - 63
    let scale = Double(bitPattern: UInt64(1023 + exponent) << 52)
    return Double(rest == 0 ? quotient : quotient | 1) * scale
  }

  /// 10^0 to 10^19, all that fit into 64 bits.
  private static let powersOfTen: [UInt64] = (0..<19).reduce(into: [1]) { powers, _ in
    powers.append((powers.last ?? 1) * 10)
  }
}

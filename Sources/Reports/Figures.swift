// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics

/// Numbers for people: three significant digits, locale-free.
enum Figures {
  /// `1.97 µs`, from nanoseconds.
  static func time(_ nanoseconds: Double) -> String {
    let scale = Scale(for: [nanoseconds])
    return "\(scale.number(nanoseconds)) \(scale.name)"
  }

  /// `1.97 µs`, or `5,975` where instructions are counted.
  static func amount(_ value: Double, _ unit: SampleUnit) -> String {
    switch unit {
    case .nanoseconds, .nanosecondsPerVM: time(value)
    case .instructions: abs(value) < 1e15 ? count(Int(value.rounded())) : value.description
    }
  }

  /// The same where the unit is recorded text: a number alone where it is none of ours.
  static func amount(_ value: Double, unit: String) -> String {
    if let unit = SampleUnit(rawValue: unit) { return amount(value, unit) }
    let magnitude = abs(value)
    if magnitude > 0, magnitude < 0.01 { return value.description }
    return fixed(value, magnitude < 9.995 ? 2 : magnitude < 99.95 ? 1 : 0)
  }

  /// `+520 ns`, or `+1,163`.
  static func shift(_ value: Double, _ unit: SampleUnit) -> String { shift(value, unit: unit.rawValue) }

  static func shift(_ value: Double, unit: String) -> String {
    (value < 0 ? "" : "+") + amount(value, unit: unit)
  }

  /// `×1.33 [1.31, 1.36]  +520 ns`; the shift alone with its interval where there is no ratio.
  static func effect(_ effect: Effect, unit: String) -> String {
    if let ratio = effect.adjustedRatio ?? effect.ratio {
      let raw =
        effect.adjustedRatio == nil
        ? nil : effect.ratio.map { "  (unadjusted \(self.ratio($0.value, $0.interval)))" }
      let added = (effect.adjustedShift ?? effect.shift).value
      return "\(self.ratio(ratio.value, ratio.interval))  \(shift(added, unit: unit))\(raw ?? "")"
    }
    guard SampleUnit(rawValue: unit) != nil else {
      let interval = effect.shift.interval
      let bounds =
        interval.isFinite
        ? "[\(amount(interval.low, unit: unit)), \(amount(interval.high, unit: unit))]" : "(\(unbounded))"
      return "\(shift(effect.shift.value, unit: unit)) \(bounds)"
    }
    return shifts(effect.shift.value, effect.shift.value, effect.shift.interval)
  }

  /// `0.514 to 0.553 s` in one unit, or one figure where both ends read the same; with their signs if asked for.
  static func times(_ low: Double, _ high: Double, signed: Bool = false) -> String {
    let scale = Scale(for: [low, high])
    let ends = [low, high].map { (signed && $0 >= 0 ? "+" : "") + scale.number($0) }
    return (ends[0] == ends[1] ? ends[0] : "\(ends[0]) to \(ends[1])") + " \(scale.name)"
  }

  /// `+134 to +140 ms [129, 146]`: figures and the bounds around them, in one unit.
  static func shifts(_ low: Double, _ high: Double, _ interval: Interval) -> String {
    let scale = Scale(for: [
      low, high, interval.isFinite ? interval.low : 0, interval.isFinite ? interval.high : 0,
    ])
    let ends = [low, high].map { ($0 < 0 ? "" : "+") + scale.number($0) }
    let figure = (ends[0] == ends[1] ? ends[0] : "\(ends[0]) to \(ends[1])") + " \(scale.name)"
    guard interval.isFinite else { return "\(figure) (\(unbounded))" }
    return "\(figure) [\(scale.number(interval.low)), \(scale.number(interval.high))]"
  }

  /// What stands for an interval that the data cannot give yet.
  static let unbounded = "no interval: needs more passes"

  /// `×1.33 [1.31, 1.36]`: bounds with the digits that the ratio has.
  static func ratio(_ ratio: Double, _ interval: Interval) -> String {
    let figure = self.ratio(ratio)
    let decimals = decimals(of: ratio)
    guard interval.isFinite else { return "\(figure) (\(unbounded))" }
    return "\(figure) [\(fixed(interval.low, decimals)), \(fixed(interval.high, decimals))]"
  }

  /// `×1.33–1.37 [1.31, 1.40]`: a range of ratios, and the bounds around all of it.
  static func ratio(_ low: Double, _ high: Double, _ interval: Interval) -> String {
    let (first, last) = (ratio(low), ratio(high, interval))
    return last.hasPrefix("\(first) ") ? last : "\(first)–\(last.dropFirst())"
  }

  /// `×1.33`.
  static func ratio(_ ratio: Double) -> String { "×\(fixed(ratio, decimals(of: ratio)))" }

  private static func decimals(of ratio: Double) -> Int {
    switch ratio {
    case ..<0.01: 4
    case ..<0.1: 3
    case ..<10: 2
    case ..<100: 1
    default: 0
    }
  }

  /// `0.9 %`'s number, from a share.
  static func percent(_ share: Double) -> String { fixed(share * 100, 1) }

  /// `262,144`.
  static func count(_ count: Int) -> String {
    let digits = Array(String(count.magnitude))
    var text = count < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return text
  }

  /// So many digits after the point.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    let power = (0..<decimals).reduce(1.0) { power, _ in power * 10 }
    let scaled = (abs(value) * power).rounded()
    guard scaled < 1e15 else { return value.description }
    let whole = Int(scaled)
    // No "-0.0": what rounds to nothing has no sign.
    let sign = value < 0 && whole > 0 ? "-" : ""
    let unit = Int(power)
    guard decimals > 0 else { return "\(sign)\(whole)" }
    let fraction = String(whole % unit)
    return "\(sign)\(whole / unit)." + String(repeating: "0", count: decimals - fraction.count) + fraction
  }

  /// The unit in which the largest of some times reads best.
  private struct Scale {
    let name: String
    private let nanoseconds: Double

    init(for times: [Double]) {
      let largest = times.map(abs).max() ?? 0
      // 999.6 ns would round to "1000 ns".
      (name, nanoseconds) =
        switch largest {
        case ..<999.5: ("ns", 1)
        case ..<999_500: ("µs", 1e3)
        case ..<999_500_000: ("ms", 1e6)
        default: ("s", 1e9)
        }
    }

    func number(_ time: Double) -> String {
      let value = time / nanoseconds
      let magnitude = abs(value)
      return fixed(value, magnitude < 9.995 ? 2 : magnitude < 99.95 ? 1 : 0)
    }
  }
}

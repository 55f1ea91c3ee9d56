// SPDX-License-Identifier: Apache-2.0
import Glibc

/// From values to places along an axis.
struct ChartScale {
  /// Where its ends are; `high` is above `low`, and on a logarithmic axis both are above 0.
  let low: Double
  let high: Double
  let isLog: Bool
  /// Places of the two.
  let start: Double
  let end: Double
  let ticks: [Double]

  /// An axis around values. A logarithmic one cannot show those of 0 and less: these, and what no measurement yields, are
  /// left out here and stand at its ends in ``place(_:)``.
  init(around values: [Double], isLog: Bool, from start: Double, to end: Double, ticks most: Int = 7) {
    let shown = values.filter { isLog ? (1e-99...1e99).contains($0) : abs($0) < 1e12 }
    var (low, high) = (shown.min() ?? 1, shown.max() ?? 1)
    if isLog {
      // A little air at both ends, and never less than a tenth around a single value.
      let air = max(pow(high / low, 0.04), 1.05)
      (low, high) = (low / air, high * air)
    } else {
      let air = max((high - low) * 0.02, abs(high) * 1e-9, 1e-9)
      (low, high) = (low - (low == 0 ? 0 : air), high + air)
    }
    self.init(low: low, high: high, isLog: isLog, from: start, to: end, ticks: most)
  }

  init(low: Double, high: Double, isLog: Bool, from start: Double, to end: Double, ticks most: Int = 7) {
    (self.low, self.high, self.isLog, self.start, self.end) = (low, high, isLog, start, end)
    ticks = isLog ? Self.logTicks(low, high, most) : Self.linearTicks(low, high, most)
  }

  /// The same with a tick at each of these values instead.
  func with(ticks: [Double]) -> ChartScale {
    ChartScale(low: low, high: high, isLog: isLog, start: start, end: end, ticks: ticks)
  }

  private init(low: Double, high: Double, isLog: Bool, start: Double, end: Double, ticks: [Double]) {
    (self.low, self.high, self.isLog) = (low, high, isLog)
    (self.start, self.end, self.ticks) = (start, end, ticks)
  }

  /// The place of a value; the nearer end where it lies beyond.
  func place(_ value: Double) -> Double {
    let share =
      isLog
      ? (value > 0 ? (log(value) - log(low)) / (log(high) - log(low)) : 0)
      : (value - low) / (high - low)
    guard share.isFinite else { return value > 0 ? end : start }
    return start + min(1, max(0, share)) * (end - start)
  }

  /// Steps of 1, 2 or 5 times a power of ten, the finest that are not too many.
  private static func linearTicks(_ low: Double, _ high: Double, _ most: Int) -> [Double] {
    guard high > low, most > 1 else { return [low] }
    let rough = (high - low) / Double(most)
    let power = pow(10, floor(log10(rough)))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? 10 * power
    let first = Int(ceil(low / step - 1e-9))
    let last = Int(floor(high / step + 1e-9))
    guard first <= last, last - first < 1000 else { return [low] }
    return (first...last).map { Double($0) * step }
  }

  /// 1, 2 and 5 in every decade, or the decades alone, or every so many; linear steps where that leaves too few.
  private static func logTicks(_ low: Double, _ high: Double, _ most: Int) -> [Double] {
    let decades = Array(Int(floor(log10(low)))...Int(ceil(log10(high))))
    func ticks(_ factors: [Double], every: Int) -> [Double] {
      decades.filter { $0.isMultiple(of: every) }.flatMap { decade in
        factors.map { $0 * pow(10, Double(decade)) }
      }
      .filter { $0 >= low * 0.9999 && $0 <= high * 1.0001 }
    }
    let fine = ticks([1, 2, 5], every: 1)
    if fine.count < 3 { return linearTicks(low, high, most).filter { $0 > 0 } }
    if fine.count <= most { return fine }
    for every in 1...max(1, decades.count) {
      let coarse = ticks([1], every: every)
      if coarse.count <= most { return coarse.count < 2 ? fine : coarse }
    }
    return fine
  }
}

/// What stands at the ticks of an axis.
enum TickText {
  /// `20 µs`, `1.5 ms`, or a plain number where the unit is no time.
  static func amount(_ value: Double, unit: String) -> String {
    guard unit == "ns" || unit == "ns/vm" else { return number(value) }
    switch abs(value) {
    case ..<999.5: return "\(number(value)) ns"
    case ..<999_500: return "\(number(value / 1e3)) µs"
    case ..<999_500_000: return "\(number(value / 1e6)) ms"
    default: return "\(number(value / 1e9)) s"
    }
  }

  /// As few digits as a tick needs.
  static func number(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return value.description }
    if value == value.rounded() { return Figures.count(Int(value)) }
    let decimals = max(1, min(9, 3 - Int(floor(log10(abs(value))))))
    var text = Figures.fixed(value, decimals)
    while text.last == "0" { text.removeLast() }
    if text.last == "." { text.removeLast() }
    return text
  }

  /// What the axis of such values is called.
  static func title(unit: String, isStolen: Bool = false) -> String {
    switch unit {
    case "ns": isStolen ? "CPU time taken per removed page" : "time per page"
    case "ns/vm": "time per virtual machine"
    case "instructions": "instructions per page"
    default: unit.isEmpty ? "value" : unit
    }
  }
}

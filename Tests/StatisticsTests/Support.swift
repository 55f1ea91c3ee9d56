// SPDX-License-Identifier: Apache-2.0
import Glibc
import Statistics

/// Whether two values agree but for rounding.
func isClose(_ value: Double?, _ expected: Double, tolerance: Double = 1e-12) -> Bool {
  guard let value else { return false }
  return abs(value - expected) <= tolerance * max(abs(expected), Double.leastNormalMagnitude)
}

extension SeededGenerator {
  /// From 0 to 1 without 1; scripts/statistics-vectors makes the same.
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A standard normal value (Box & Muller).
  mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * Double.pi * uniform())
  }

  /// A lognormal value: what latencies look like.
  mutating func lognormal(median: Double, spread: Double) -> Double {
    median * exp(spread * normal())
  }

  /// A block's median: lognormal, and now and then a disturbance makes it 10 to 50 % slower.
  mutating func block(median: Double, spread: Double, spikes: Double) -> Double {
    let value = lognormal(median: median, spread: spread)
    return uniform() < spikes ? value * exp(0.1 + 0.3 * uniform()) : value
  }
}

/// What a count of events of this probability exceeds in one test of a thousand: judging by less would make a
/// correct tool fail.
func binomialBound(trials: Int, probability: Double) -> Int {
  let mean = Double(trials) * probability
  return Int(mean + 3.1 * (mean * (1 - probability)).squareRoot())
}

/// Whether simulations print what they find: the figures of Results/statistics/README.md.
let printsFigures = getenv("GMEMBENCH_FIGURES") != nil

/// Prints a simulation's figure.
func report(_ what: String, _ blocks: Int, _ events: Int, of trials: Int, _ more: String = "") {
  guard printsFigures else { return }
  let percent = (Double(events) / Double(trials) * 10_000).rounded() / 100
  print("figure | \(what) | \(blocks) | \(percent) % | \(more)")
}

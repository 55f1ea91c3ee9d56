// SPDX-License-Identifier: Apache-2.0
import Glibc
import Statistics

/// Whether two values agree but for rounding.
func isClose(_ value: Double?, _ expected: Double, tolerance: Double = 1e-12) -> Bool {
  guard let value else { return false }
  return abs(value - expected) <= tolerance * max(abs(expected), Double.leastNormalMagnitude)
}

extension SeededGenerator {
  /// A standard normal value (Box & Muller).
  mutating func normal() -> Double {
    let radius = (-2 * log(1 - Double.random(in: 0..<1, using: &self))).squareRoot()
    return radius * cos(2 * Double.pi * Double.random(in: 0..<1, using: &self))
  }

  /// A lognormal value: what latencies look like.
  mutating func lognormal(median: Double, spread: Double) -> Double {
    median * exp(spread * normal())
  }
}

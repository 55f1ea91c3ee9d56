// SPDX-License-Identifier: Apache-2.0
import Glibc
import Statistics

/// A process of Ornstein and Uhlenbeck: wanders about 0 and forgets where it was in `seconds`.
struct Wandering: Sendable {
  var seconds: Double
  /// Standard deviation of one value.
  var spread: Double
}

/// A machine that drifts, and runs on it.
///
/// Three wanderings of 0.5, 5 and 50 s and 2.2 % each are flicker noise over the times of a run. Means over 1 s
/// scatter by 3.4 %, over 5 s by 3.0 %. A run is 24 s of equally spaced passes of 8 blocks within 0.15 s each; a
/// block alone scatters by 4 %.
struct DriftingMachine: Sendable {
  var wanderings = [0.5, 5, 50].map { Wandering(seconds: $0, spread: 0.022) }
  var noise = 0.04
  var seconds = 24.0
  var passes = 8
  var blocks = 8
  /// How much the value moves with the logarithm of the interrupt's time.
  var slope = 0.0
  /// What the interrupt's probe is: modes that last some seconds, each this long on average.
  var modeSeconds = 4.0

  /// As 8 runs of quick showed memfd's ratio to guest_memfd here (Results/repeatability): passes scatter by 4 %, of which
  /// their blocks explain 3.1 %; one pass says nothing of the next, 2 s later; runs differ 1.2 times as much as passes
  /// that have nothing in common would make them.
  static func ofFreshProcesses(passes: Int) -> DriftingMachine {
    DriftingMachine(
      wanderings: [Wandering(seconds: 0.3, spread: 0.028), Wandering(seconds: 50, spread: 0.008)],
      noise: 0.08,
      passes: passes)
  }

  /// Microseconds of an interrupt's round trip.
  static let modes = [8.6, 10.9, 13.4]
  static let reference = log(10.9)

  /// The passes of a run, and the values of all blocks in order.
  typealias Run = (passes: [PassMean], values: [Double])

  /// One run. The truth at the reference is 0.
  func run(_ generator: inout SeededGenerator) -> Run {
    var state = wanderings.map { $0.spread * generator.normal() }
    return run(from: &state, &generator)
  }

  /// Runs one right after the other.
  func runs(_ count: Int, _ generator: inout SeededGenerator) -> [Run] {
    var state = wanderings.map { $0.spread * generator.normal() }
    return (0..<count).map { _ in run(from: &state, &generator) }
  }

  private func run(from state: inout [Double], _ generator: inout SeededGenerator) -> Run {
    var mode = Self.modes[Int(generator.uniform() * 3)]
    var values: [Double] = []
    let step = 0.15 / Double(blocks)
    let means = (0..<passes).compactMap { _ -> PassMean? in
      let pass = (0..<blocks).map { _ in
        move(&state, by: step, &generator)
        let probed = slope * (log(mode) - Self.reference)
        return state.reduce(0, +) + noise * generator.normal() + probed
      }
      values += pass
      let probe = log(mode) + 0.01 * generator.normal()
      let pause = seconds / Double(passes) - 0.15
      move(&state, by: pause, &generator)
      // A mode left is followed by any, itself included: shorter stays, as seen.
      if generator.uniform() > exp(-pause / modeSeconds) { mode = Self.modes[Int(generator.uniform() * 3)] }
      return PassMean(of: pass, probes: [probe])
    }
    return (means, values)
  }

  private func move(_ state: inout [Double], by seconds: Double, _ generator: inout SeededGenerator) {
    for (index, wandering) in wanderings.enumerated() {
      let kept = exp(-seconds / wandering.seconds)
      state[index] =
        kept * state[index] + wandering.spread * (1 - kept * kept).squareRoot() * generator.normal()
    }
  }
}

/// Mean and standard deviation.
func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
  let summary = Distribution(values)
  return (summary.mean ?? .nan, summary.standardDeviation ?? .nan)
}

// SPDX-License-Identifier: Apache-2.0
import Statistics

/// What the probes of a run's rounds say together: the state of the machine at which effects are stated.
public struct MachineState: Sendable {
  private var values: [[Double]] = Probes.Kind.allCases.map { _ in [] }

  public init() {}

  public mutating func add(_ probes: Probes) {
    for (kind, value) in zip(Probes.Kind.allCases, probes.logarithms) {
      if let value { values[kind.rawValue].append(value) }
    }
  }

  /// Median of each probe's logarithm, in the order of `Probes.Kind`; nil for one that was never measured.
  public var center: [Double?] { values.map { median($0) } }
}

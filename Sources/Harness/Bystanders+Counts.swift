// SPDX-License-Identifier: Apache-2.0
import CHelpers
import Model

extension Bystanders.Walks {
  /// What CPUs counted together; nil unless both kinds of walks are there.
  init?(_ counted: [chelpers_bystander_counts], ticksPerNanosecond rate: Double) {
    func sum(_ field: KeyPath<chelpers_bystander_counts, UInt64>) -> UInt64 {
      counted.reduce(0) { $0 + $1[keyPath: field] }
    }
    self.init(
      calm: Int(sum(\.calm_walks)), calmTime: Double(sum(\.calm_ticks)) / rate,
      refilling: Int(sum(\.refill_walks)), refillingTime: Double(sum(\.refill_ticks)) / rate)
    if calm == 0 || refilling == 0 { return nil }
  }
}

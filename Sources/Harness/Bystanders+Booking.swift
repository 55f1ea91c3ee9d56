// SPDX-License-Identifier: Apache-2.0
import CHelpers
import Model

extension Bystanders.Walks {
  /// What CPUs booked together; nil unless both kinds of walks are there.
  init?(_ booked: [chelpers_companion_booking], ticksPerNanosecond rate: Double) {
    func sum(_ field: KeyPath<chelpers_companion_booking, UInt64>) -> UInt64 {
      booked.reduce(0) { $0 + $1[keyPath: field] }
    }
    self.init(
      calm: Int(sum(\.calm_walks)), calmTime: Double(sum(\.calm_ticks)) / rate,
      refilling: Int(sum(\.refill_walks)), refillingTime: Double(sum(\.refill_ticks)) / rate)
    if calm == 0 || refilling == 0 { return nil }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// What the interrupt counters show of kernel-range TLB flushes: never what a switch or a version implies.
public enum FlushState: String, Codable, Sendable {
  case on
  case off
  case unknown
}

extension FlushSetting {
  /// Why a block that asked for this is no result, if the counters show the contrary.
  public func contradiction(_ shown: FlushState?) -> String? {
    switch (self, shown) {
    case (.off, .on): "flush=off was asked for, but the counters show a flush for each page"
    case (.on, .off): "flush=on was asked for, but the counters show no flush"
    default: nil
    }
  }
}

/// How a kernel-range flush reaches the other CPUs.
public enum FlushMechanism: String, Codable, Sendable {
  /// A function call interrupt each.
  case ipi = "IPI"
  /// AMD's broadcast, without an interrupt.
  case invlpgb = "INVLPGB"
  /// arm64's broadcast, without an interrupt.
  case tlbi = "TLBI"
  case unknown
}

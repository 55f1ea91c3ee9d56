// SPDX-License-Identifier: Apache-2.0

/// What the interrupt counters show of kernel-range TLB flushes: never what a switch or a version implies.
public enum FlushState: String, Codable, Sendable {
  case on
  case off
  case unknown
}

extension FlushSetting {
  /// Why a block that asked for this is no result, if the counters show the contrary.
  func contradiction(_ shown: FlushState?) -> String? {
    switch (self, shown) {
    case (.off, .on): "flush=off was asked for, but the counters show a flush for each page"
    case (.on, .off): "flush=on was asked for, but the counters show no flush"
    default: nil
    }
  }
}

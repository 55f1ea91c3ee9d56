// SPDX-License-Identifier: Apache-2.0

/// In what the arms of one group differ. How they are laid out is Suite's (`ArmLayout`).
public enum ArmAxis: Hashable, Sendable {
  case backing
  case others
  case threads
  case flush
  case batch
  case cycle
  /// In backing and in how many of the other CPUs are busy: a curve for each backing.
  case busy
  /// In backing and in how many CPUs are online: likewise.
  case online
  /// In nothing: identical arms, held against each other.
  case replica

  /// The axis of a case that it varies.
  public var axis: Axis {
    switch self {
    case .backing: .backing
    case .others: .others
    case .threads: .threads
    case .flush: .flush
    case .batch: .batch
    case .cycle: .cycle
    case .busy: .busy
    case .online: .online
    case .replica: .replica
    }
  }

  /// Arms that are points of curves, one for each backing.
  public var isCurve: Bool { self == .busy || self == .online }
}

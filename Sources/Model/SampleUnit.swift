// SPDX-License-Identifier: Apache-2.0

/// The unit of a case's values.
public enum SampleUnit: String, Codable, Sendable {
  /// Nanoseconds per page.
  case nanoseconds = "ns"
  /// Nanoseconds per virtual machine.
  case nanosecondsPerVM = "ns/vm"
  /// Instructions per page, where the clock counts them.
  case instructions
}

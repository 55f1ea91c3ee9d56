// SPDX-License-Identifier: Apache-2.0

/// One thing about this machine that a measurement should know of.
public struct Finding: Hashable, Sendable {
  public enum Severity: Hashable, Sendable {
    /// Worth knowing; nothing to do.
    case note
    /// It disturbs or widens results.
    case warning
    /// Part of the measurement cannot work.
    case problem
  }

  public var severity: Severity
  /// One line.
  public var what: String
  /// What to do, as a command where there is one; nil when nothing can or need be done.
  public var remedy: String?

  public init(_ severity: Severity, _ what: String, remedy: String? = nil) {
    self.severity = severity
    self.what = what
    self.remedy = remedy
  }
}

// SPDX-License-Identifier: Apache-2.0

/// One thing about this machine that a measurement should know of.
public struct Finding: Hashable, Sendable {
  public enum Severity: Hashable, Sendable, CaseIterable {
    /// Worth knowing; nothing to do.
    case note
    /// This machine does not tell.
    case unknown
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

extension Finding.Severity: Comparable {
  /// From a note to a problem.
  public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// What belongs together of what was looked at, and what came of it.
public struct CheckGroup: Hashable, Sendable {
  /// Two or three words.
  public let name: String
  /// Why it matters for a measurement; one sentence.
  public let why: String
  /// Empty where all is well.
  public let findings: [Finding]

  public init(_ name: String, why: String, _ findings: [Finding]) {
    self.name = name
    self.why = why
    self.findings = findings
  }

  /// That of its worst finding; nil where all is well.
  public var severity: Finding.Severity? { findings.map(\.severity).max() }
}

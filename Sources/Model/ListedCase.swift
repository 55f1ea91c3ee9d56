// SPDX-License-Identifier: Apache-2.0

/// A case of a plan, and whether this machine can measure it.
public struct ListedCase: Sendable {
  public var measuredCase: Case
  /// Of its operation; one line.
  public var summary: String
  /// Why it cannot be measured here; nil where it can.
  public var refusal: Refusal?

  public init(_ measuredCase: Case, summary: String, refusal: Refusal? = nil) {
    self.measuredCase = measuredCase
    self.summary = summary
    self.refusal = refusal
  }
}

// SPDX-License-Identifier: Apache-2.0

/// What this machine refused, and what a user can do about it.
public struct MachineFailure: Error, Hashable, Sendable, CustomStringConvertible {
  public var message: String
  public var remedy: String?

  public init(message: String, remedy: String? = nil) {
    self.message = message
    self.remedy = remedy
  }

  public var description: String { remedy.map { "\(message) (\($0))" } ?? message }
}

// SPDX-License-Identifier: Apache-2.0
import SystemPackage

/// Why something could not be done here: a missing requirement, or a call that failed.
public struct Refusal: Error, Hashable, Codable, Sendable, CustomStringConvertible {
  public enum Kind: Hashable, Codable, Sendable {
    /// The machine does not offer it: the row says `unsupported`.
    case unsupported
    /// It should have worked and did not: the row says `failed`.
    case failed
  }

  public var kind: Kind
  /// One line: what is missing or what happened.
  public var reason: String
  /// One line: what would make it work.
  public var remedy: String?

  public init(_ kind: Kind, _ reason: String, remedy: String? = nil) {
    self.kind = kind
    self.reason = reason
    self.remedy = remedy
  }

  public static func unsupported(_ reason: String, remedy: String? = nil) -> Refusal {
    Refusal(.unsupported, reason, remedy: remedy)
  }

  public static func failed(_ reason: String, remedy: String? = nil) -> Refusal {
    Refusal(.failed, reason, remedy: remedy)
  }

  /// A failed system call, in the words of strerror.
  public static func failed(call: String, _ errno: Errno) -> Refusal {
    failed("\(call): \(errno)", remedy: remedies[errno])
  }

  private static let remedies: [Errno: String] = [
    .noMemory: "free some memory or choose a smaller --size",
    .tooManyOpenFiles: "raise the limit of open files (ulimit -n)",
    .badAddress: "memory was refused at the fault (SIGBUS): free some memory or choose a smaller --size",
  ]

  /// The same of what should have worked, because it worked before.
  public var asFailure: Refusal { Refusal(.failed, reason, remedy: remedy) }

  public var description: String { remedy.map { "\(reason) (\($0))" } ?? reason }
}

// SPDX-License-Identifier: Apache-2.0
import GuestMemory
import Machine

extension Refusal {
  /// What the machine refused: a requirement that it lacks.
  public init(_ failure: MachineFailure) { self.init(.unsupported, failure) }

  public init(_ kind: Kind, _ failure: MachineFailure) {
    self.init(kind, failure.message, remedy: failure.remedy)
  }
}

// SPDX-License-Identifier: Apache-2.0
import Model

/// An operation with what measures it, as the suite offers it.
public struct MeasuredOperation: Sendable {
  public var spec: OperationSpec
  /// A requirement beside the backing's own that this machine does not meet.
  public let requirement: @Sendable (Case, Workbench) -> Refusal?
  /// Measures one block and records it on the workbench.
  public private(set) var measure: @Sendable (Case, Workbench) throws(Refusal) -> Void

  public init(
    _ spec: OperationSpec, requirement: @escaping @Sendable (Case, Workbench) -> Refusal? = { _, _ in nil },
    measure: @escaping @Sendable (Case, Workbench) throws(Refusal) -> Void
  ) {
    self.spec = spec
    self.requirement = requirement
    self.measure = measure
  }

  /// The same operation with another measurement in place of its own, which it is given.
  public func replacing(
    _ measurement:
      @escaping @Sendable (_ original: MeasuredOperation, Case, Workbench) throws(Refusal) ->
      Void
  ) -> MeasuredOperation {
    let original = self
    var copy = self
    copy.measure = { measured, bench throws(Refusal) in try measurement(original, measured, bench) }
    return copy
  }
}

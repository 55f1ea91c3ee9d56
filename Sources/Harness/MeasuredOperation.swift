// SPDX-License-Identifier: Apache-2.0
import Model

/// An operation with what measures it, as the suite offers it.
public struct MeasuredOperation: Sendable {
  /// Measures one block.
  public typealias Measure = @Sendable (Case, MeasuringContext) throws(Refusal) -> BlockReading

  public var spec: OperationSpec
  /// A requirement beside the backing's own that this machine does not meet.
  public let requirement: @Sendable (Case, MeasuringContext) -> Refusal?
  public private(set) var measure: Measure

  public init(
    _ spec: OperationSpec,
    requirement: @escaping @Sendable (Case, MeasuringContext) -> Refusal? = { _, _ in nil },
    measure: @escaping Measure
  ) {
    self.spec = spec
    self.requirement = requirement
    self.measure = measure
  }

  /// The same operation with another measurement in place of its own, which it is given.
  public func replacing(
    _ measurement:
      @escaping @Sendable (_ original: Measure, Case, MeasuringContext) throws(Refusal) -> BlockReading
  ) -> MeasuredOperation {
    let original = measure
    var copy = self
    copy.measure = { measured, context throws(Refusal) in try measurement(original, measured, context) }
    return copy
  }
}

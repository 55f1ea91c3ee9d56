// SPDX-License-Identifier: Apache-2.0
import Statistics

/// What a method says of a block beside its samples: how far its figure can be trusted.
public struct MethodDetail: Hashable, Codable, Sendable {
  public enum Method: Hashable, Codable, Sendable {
    /// Probes around the flush: the same fault without them, and what they add to it. `subtracted` is what they take
    /// around an empty call.
    case probes(subtracted: Double)
    /// A line through the fault at `points` numbers of online CPUs: the fault on one CPU alone, and what each
    /// further one adds.
    case line(points: Int)
    /// Every page was delayed: the fault without its delay, and the delay.
    case delay
  }

  public var method: Method
  /// Median fault, in the case's unit.
  public var fault: Double
  /// What comes on top of it, in the case's unit.
  public var added: Double

  public init(_ method: Method, fault: Double, added: Double) {
    self.method = method
    self.fault = fault
    self.added = added
  }

  /// What the blocks of a case say together: medians; nil where there is nothing to say.
  public static func together(_ details: [MethodDetail]) -> MethodDetail? {
    guard let method = details.first?.method, let fault = median(details.map(\.fault)),
      let added = median(details.map(\.added))
    else { return nil }
    return MethodDetail(method, fault: fault, added: added)
  }

  /// The same for a row.
  public func words(_ unit: SampleUnit) -> String {
    func amount(_ value: Double) -> String {
      value.magnitude < 1e15 ? "\(Int(value.rounded())) \(unit.rawValue)" : "\(value) \(unit.rawValue)"
    }
    return switch method {
    case .probes(let subtracted):
      "by probes around the flush: they add \(amount(added)) to a fault of \(amount(fault)); "
        + "\(amount(subtracted)), what they take around an empty call, are subtracted"
    case .line(let points):
      "by a line through \(points) numbers of online CPUs: a fault is \(amount(fault)) on one CPU alone, and "
        + "\(amount(added)) more for each further one"
    case .delay: "delayed by \(amount(added)) a page"
    }
  }
}

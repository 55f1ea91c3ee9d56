// SPDX-License-Identifier: Apache-2.0

/// The text of a case's key, taken apart by the table of axes without being understood: keys of earlier versions lack
/// axes, and those of other programs have none.
public struct CaseKey: Hashable, Sendable {
  private var parts: [String]

  public init(_ text: String) {
    parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
  }

  /// The key again.
  public var text: String { parts.joined(separator: "/") }

  /// Whether it begins as ours do: with benchmark, operation and backing, and something after them.
  public var isOurs: Bool { parts.count > Axis.bare.count }

  /// The value that it has for an axis; nil where it has none.
  public subscript(axis: Axis) -> String? {
    guard let index = index(of: axis) else { return nil }
    return axis.isBare ? parts[index] : String(parts[index].dropFirst(axis.name.count + 1))
  }

  /// The same with another value on an axis that it has; unchanged where it has none.
  public func with(_ axis: Axis, _ value: String) -> CaseKey {
    guard let index = index(of: axis) else { return self }
    var changed = self
    changed.parts[index] = axis.isBare ? value : "\(axis.name)=\(value)"
    return changed
  }

  /// The same without what it says of an axis.
  public func without(_ axis: Axis) -> CaseKey {
    guard let index = index(of: axis) else { return self }
    var changed = self
    changed.parts.remove(at: index)
    return changed
  }

  private func index(of axis: Axis) -> Int? {
    if axis.isBare {
      return Axis.bare.firstIndex(of: axis).flatMap { parts.indices.contains($0) ? $0 : nil }
    }
    return parts.firstIndex { $0.hasPrefix("\(axis.name)=") }
  }
}

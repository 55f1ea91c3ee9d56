// SPDX-License-Identifier: Apache-2.0

/// An axis of a ``Case``: how its value is written and read back, and what it is called where. Keys, labels, columns and
/// outlines are made from the table, so that an axis is a property of `Case` and a line of it.
public struct Axis: Sendable {
  /// In keys and labels: `threads` of `threads=4`.
  public let name: String
  /// In summary.csv; nil where the key alone has it.
  public let column: String?
  /// What chooses it on the command line, without dashes; nil where the plan does.
  public let option: String?
  /// A key has its value alone, without the name.
  public let isBare: Bool
  /// A plan lays out its values, so that an outline of the plan names them.
  fileprivate let isPlanned: Bool
  /// Labels have it also where it is neutral.
  fileprivate let isAlwaysNamed: Bool
  private let read: @Sendable (Case) -> String?
  private let write: @Sendable (inout Case, String) -> Bool
  private let clear: @Sendable (inout Case) -> Void
  private let unset: @Sendable (Case) -> String
  private let inWords: (@Sendable (String) -> String)?
  private let inFacets: (@Sendable (Case) -> [(name: String, value: String)])?

  /// Every case is somewhere on it, and every key says where.
  init<Value: AxisValue>(
    _ name: String, _ path: WritableKeyPath<Case, Value> & Sendable, option: String? = nil,
    isBare: Bool = false, isPlanned: Bool = false, isAlwaysNamed: Bool = false,
    words: (@Sendable (String) -> String)? = nil
  ) {
    self.name = name
    column = name
    self.option = option
    self.isBare = isBare
    self.isPlanned = isPlanned
    self.isAlwaysNamed = isAlwaysNamed
    read = { $0[keyPath: path].axisText }
    write = { measured, text in
      guard let value = Value(axisText: text) else { return false }
      measured[keyPath: path] = value
      return true
    }
    clear = { $0[keyPath: path] = Self.neutral[keyPath: path] }
    unset = { _ in "" }
    inWords = words
    inFacets = nil
  }

  /// A case may leave it alone, and then its key says nothing of it.
  ///
  /// - Parameters:
  ///   - column: of the setting itself; what a run saw of it may have a column of the same name.
  ///   - unset: what a label says of a case that leaves it alone.
  ///   - facets: what an outline tells of it one by one, where that is more than its text.
  init<Value: AxisValue>(
    _ name: String, choice path: WritableKeyPath<Case, Value?> & Sendable, column: String? = nil,
    option: String? = nil, isPlanned: Bool = false, unset: @escaping @Sendable (Case) -> String = { _ in "" },
    facets: (@Sendable (Value) -> [(name: String, value: String)])? = nil
  ) {
    self.name = name
    self.column = column
    self.option = option
    isBare = false
    self.isPlanned = isPlanned
    isAlwaysNamed = false
    read = { $0[keyPath: path]?.axisText }
    write = { measured, text in
      guard let value = Value(axisText: text) else { return false }
      measured[keyPath: path] = value
      return true
    }
    clear = { $0[keyPath: path] = nil }
    self.unset = unset
    inWords = nil
    if let facets {
      inFacets = { measured in measured[keyPath: path].map(facets) ?? [] }
    } else {
      inFacets = nil
    }
  }

  /// A case that is neutral on every axis.
  private static let neutral = Case("", "", .anonymous, pages: 0)
}

extension Axis {
  /// Those whose values begin a key, without their names.
  public static let bare = all.filter(\.isBare)

  /// Those that an outline of a plan names: first what every label has.
  public static let planned =
    all.filter { $0.isPlanned && $0.isAlwaysNamed }
    + all.filter { $0.isPlanned && !$0.isAlwaysNamed }
}

extension Axis: Equatable {
  public static func == (one: Axis, other: Axis) -> Bool { one.name == other.name }
}

extension Axis {
  /// The value as keys and columns have it; nil where the case leaves the axis alone.
  public func text(of measured: Case) -> String? { read(measured) }

  /// What a key has of it: `threads=4`, or `memfd`; nil where it has nothing.
  public func part(of measured: Case) -> String? {
    text(of: measured).map { isBare ? $0 : "\(name)=\($0)" }
  }

  /// What a label has of it, whatever the value: `flush=off`, `flush=as it is`.
  public func label(of measured: Case) -> String { part(of: measured) ?? "\(name)=\(unset(measured))" }

  /// What there is to say of a value that is not the neutral one, in words: `random order`; nil where that is nothing.
  public func words(of measured: Case) -> String? {
    isNeutral(in: measured) ? nil : text(of: measured).flatMap { text in inWords?(text) }
  }

  /// What an outline tells of it, each with its name.
  public func facets(of measured: Case) -> [(name: String, value: String)] {
    inFacets?(measured) ?? text(of: measured).map { [(name, $0)] } ?? []
  }

  /// Labels need not mention it.
  public func isNeutral(in measured: Case) -> Bool {
    !isAlwaysNamed && text(of: measured) == text(of: Self.neutral)
  }

  /// Takes a value as ``text(of:)`` gives it.
  ///
  /// - Returns: false where it is none.
  public func set(_ text: String, in measured: inout Case) -> Bool { write(&measured, text) }

  /// Takes the axis out of a comparison of cases.
  public func clear(in measured: inout Case) { clear(&measured) }
}

extension Case {
  /// The canonical text of the axes: the key under which samples, series and comparisons meet.
  public var key: String { Axis.all.compactMap { $0.part(of: self) }.joined(separator: "/") }

  /// Reads a key back; nil where it is not one that this version writes.
  public init?(key: String) {
    let parts = key.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count > Axis.bare.count else { return nil }
    self.init("", "", .anonymous, pages: 0)
    for (axis, text) in zip(Axis.bare, parts) {
      guard axis.set(text, in: &self) else { return nil }
    }
    for part in parts.dropFirst(Axis.bare.count) {
      guard let equals = part.firstIndex(of: "="),
        let axis = Axis.all.first(where: { !$0.isBare && $0.name == part[..<equals] }),
        axis.set(String(part[part.index(after: equals)...]), in: &self)
      else { return nil }
    }
    guard self.key == key else { return nil }
  }

  /// What it has in common with cases that differ in these axes.
  public func without(_ axes: Axis...) -> Case {
    with { measured in for axis in axes { axis.clear(in: &measured) } }
  }

  /// What cases that differ in their number of threads have in common: the region of several has pages of its own.
  public var apartFromThreads: Case { without(.threads, .pages) }
}

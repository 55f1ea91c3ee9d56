// SPDX-License-Identifier: Apache-2.0

/// What names an operation, to another process of this program as well.
public struct OperationReference: Hashable, Codable, Sendable {
  public var benchmark: String
  public var name: String
  public var method: String
  /// Its arms are replicas of one case.
  public var isReplicated: Bool
  public var delay: Delay?

  public init(
    benchmark: String, name: String, method: String, isReplicated: Bool = false, delay: Delay? = nil
  ) {
    self.benchmark = benchmark
    self.name = name
    self.method = method
    self.isReplicated = isReplicated
    self.delay = delay
  }
}

/// A known change, to see whether it is found: each page of some arms takes longer.
public struct Delay: Hashable, Codable, Sendable {
  /// Multiplications after the store to a page.
  public var multiplications: Int
  /// Of the arms with this backing; nil: of every second replica.
  public var backing: Backing?

  public init(multiplications: Int, backing: Backing? = nil) {
    self.multiplications = multiplications
    self.backing = backing
  }

  public func isOn(_ measured: Case) -> Bool {
    multiplications > 0 && measured.threads == 1
      && (backing.map { $0 == measured.backing } ?? measured.replica.map { $0 % 2 == 1 } ?? false)
  }
}

/// How much an operation has to say of what a page costs, and so which plans measure it.
public enum Tier: Hashable, Sendable {
  /// Among the best known figures: every plan measures it, in every state of the others.
  case headline
  /// Part of the answer that every plan gives.
  case answer
  /// `quick` measures it where it is named, or its benchmark is.
  case further
  /// It answers a question of its own: `quick` measures it where it is named.
  case detail
}

/// One way of doing one benchmark: what there is to say of it before anything is measured.
public struct OperationSpec: Sendable {
  public let benchmark: String
  public let name: String
  /// One line for `list`.
  public let summary: String
  public let unit: SampleUnit
  /// How the value is obtained, for the row. Of several specs that share benchmark and name, each is another method,
  /// and a plan takes for each backing the first whose requirement is met.
  public let method: String
  /// In what the arms of a group differ.
  public var armAxis: ArmAxis
  /// Nil but where a run shows what it would find.
  public var delay: Delay?
  /// Where the arms differ in `batch`: the pages of a call, ascending; the whole region is always among them.
  public let batches: [Int]
  /// Threads that a block takes where their number is not the caller's.
  public let threads: Int
  /// Pages that a block has even where the caller's blocks are smaller, unless their size is asked for.
  public private(set) var leastPages: Int
  /// The only order that it makes sense in; nil where the caller chooses.
  public let order: AccessOrder?
  /// Of how many pages of a block one is of the backing; the others are the kernel's.
  public let pagesPerBackingPage: Int
  /// The `others` that it makes sense in.
  public let others: [OthersState]
  /// The backings that it has a meaning for.
  public private(set) var backings: [Backing]
  public let tier: Tier
  /// Fresh pages are taken in within what is timed, so that a kernel that takes them out of the direct map does it
  /// there, whichever step of it does. Elsewhere no flush is due, and a row says nothing of one.
  public let faultsPagesIn: Bool
  /// Each block makes a VM, for which the kernel takes frames from the lists that guest memory comes from.
  public let runsGuest: Bool
  /// What a block must show, or it is no result.
  public let expects: Expectation
  /// Several threads can do it at once, each in a part of the region.
  public let takesThreads: Bool
  /// Instructions that one thread executes say what it costs: it waits for nothing, and nothing of it happens
  /// elsewhere.
  public let isPathLength: Bool

  public init(
    benchmark: String, name: String, summary: String, unit: SampleUnit = .nanoseconds, method: String,
    armAxis: ArmAxis = .backing, batches: [Int] = [], threads: Int = 1, leastPages: Int = 0,
    order: AccessOrder? = nil, pagesPerBackingPage: Int = 1, others: [OthersState] = OthersState.usual,
    backings: [Backing], tier: Tier = .further, faultsPagesIn: Bool = false, runsGuest: Bool = false,
    expects: Expectation = Expectation(), takesThreads: Bool = false, isPathLength: Bool = true
  ) {
    self.benchmark = benchmark
    self.name = name
    self.summary = summary
    self.unit = unit
    self.method = method
    self.armAxis = armAxis
    self.batches = batches
    self.threads = threads
    self.leastPages = leastPages
    self.order = order
    self.pagesPerBackingPage = pagesPerBackingPage
    self.others = others
    self.backings = backings
    self.tier = tier
    self.faultsPagesIn = faultsPagesIn
    self.runsGuest = runsGuest
    self.expects = expects
    self.takesThreads = takesThreads
    self.isPathLength = isPathLength
  }

  public var reference: OperationReference {
    OperationReference(
      benchmark: benchmark, name: name, method: method, isReplicated: armAxis == .replica, delay: delay)
  }

  /// Those of `others` that it makes sense in: polling CPUs do wherever idle ones do.
  public func states(among others: [OthersState]) -> [OthersState] {
    (self.others.contains(.idle) ? self.others + [.poll] : self.others).filter(others.contains)
  }

  /// The same for these backings alone.
  public func serving(_ backings: [Backing]) -> OperationSpec {
    var narrowed = self
    narrowed.backings = backings
    return narrowed
  }

  /// The same with blocks as small as the caller's.
  public var ofAnySize: OperationSpec {
    var copy = self
    copy.leastPages = 0
    return copy
  }

  /// Stands for `ways` of one operation where none of them can be had: its rows say why of each.
  public static func refusing(_ ways: [OperationSpec], for backings: [Backing]) -> OperationSpec {
    OperationSpec(
      benchmark: ways[0].benchmark, name: ways[0].name, summary: ways[0].summary,
      method: ways.map(\.method).joined(separator: OperationReference.separator), backings: backings)
  }
}

extension OperationReference {
  /// Between the methods of a reference that stands for several.
  fileprivate static let separator = ";"

  /// The ways that a reference stands for where none of them can be had; this one alone of any other.
  public var ways: [OperationReference] {
    method.split(separator: Self.separator).map { way in
      OperationReference(
        benchmark: benchmark, name: name, method: String(way), isReplicated: isReplicated, delay: delay)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model

/// What the caller asks for; nil means what the plan says.
public struct Selection: Sendable {
  public var benchmarks: [String]?
  public var operations: [String]?
  public var backings: [Backing]?
  public var others: [OthersState]?
  /// Of operations that have several.
  public var methods: [String]?
  /// Numbers of threads, ascending; nil for one, where an operation does not vary them of itself.
  public var threads: [Int]?
  public var baseline: Backing?
  public var order: AccessOrder
  public var state: BlockState
  public var directMap: DirectMapSetting?
  /// nil for idle.
  public var sibling: SiblingState?
  /// The nodes of CPU and memory; at least one pair.
  public var pairs: [NodePair]
  public var pages: Int

  public init(
    benchmarks: [String]? = nil, operations: [String]? = nil, backings: [Backing]? = nil,
    others: [OthersState]? = nil, methods: [String]? = nil, threads: [Int]? = nil,
    baseline: Backing? = nil, order: AccessOrder = .sequential, state: BlockState = .cold,
    directMap: DirectMapSetting? = nil, sibling: SiblingState? = nil, pairs: [NodePair], pages: Int
  ) {
    self.benchmarks = benchmarks
    self.operations = operations
    self.backings = backings
    self.others = others
    self.methods = methods
    self.threads = threads
    self.baseline = baseline
    self.order = order
    self.state = state
    self.directMap = directMap
    self.sibling = sibling
    self.pairs = pairs
    self.pages = pages
  }
}

extension Selection {
  /// An operation at the point of the axes that is asked for, in one state of the others and on one pair of nodes.
  func point(
    of spec: OperationSpec, _ backing: Backing, _ others: OthersState, _ pair: NodePair, threads: Int = 1
  ) -> Case {
    let region = Parts.pages(
      atLeast: max(pages, spec.leastPages), threads: spec.takesThreads ? threads : 1,
      pageBytes: Int(getpagesize()))
    return Case(spec.benchmark, spec.name, backing, pages: region).with {
      ($0.order, $0.threads) = (spec.order ?? order, threads)
      ($0.cpuNode, $0.memoryNode) = (pair.cpuNode, pair.memoryNode)
      ($0.others, $0.state, $0.directMap, $0.sibling) = (others, state, directMap, sibling)
    }
  }
}

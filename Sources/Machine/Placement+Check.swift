// SPDX-License-Identifier: Apache-2.0
import Model

extension Placement {
  /// Asks the kernel where each of `count` pages is. Never fails: a refused call and a page that this process
  /// has not mapped (pages only a guest touched read ENOENT; touch them first) leave the answer open.
  ///
  /// - Parameter process: whose pages; 0 for this one's.
  public static func check(
    base: UnsafeMutableRawPointer, of process: Int32 = 0, pageBytes: Int, count: Int, expected node: Int,
    topology: Topology
  ) -> Placement {
    judge(
      MemoryPolicy.nodes(of: base, in: process, pageBytes: pageBytes, count: count), expected: node,
      nodes: topology.nodes.map(\.number))
  }

  /// The verdict on move_pages' answer (nil: refused).
  static func judge(_ pages: [Int32]?, expected node: Int, nodes: [Int]) -> Placement {
    let misplaced = pages?.count { $0 >= 0 && Int($0) != node } ?? 0
    if misplaced > 0 { return .misplaced(misplaced) }
    if let pages, !pages.isEmpty, pages.allSatisfy({ $0 >= 0 }) { return .verified }
    return nodes == [node] ? .onlyNode : .unknown
  }
}

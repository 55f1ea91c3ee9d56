// SPDX-License-Identifier: Apache-2.0
import Model

extension Placement {
  /// Asks the kernel where each of `count` pages is: by move_pages, or by numa_maps where that does not answer for all
  /// of them. Never fails: a page that the process has not mapped (one that only a guest touched; touch it first) leaves
  /// the answer open.
  ///
  /// - Parameter process: whose pages; 0 for this one's.
  public static func check(
    base: UnsafeMutableRawPointer, of process: Int32 = 0, pageBytes: Int, count: Int, expected node: Int,
    topology: Topology
  ) -> Placement {
    let nodes = topology.nodes.map(\.number)
    let answer = MemoryPolicy.nodes(of: base, in: process, pageBytes: pageBytes, count: count)
    if let answer, answer.allSatisfy({ $0 >= 0 }) { return judge(answer, expected: node, nodes: nodes) }
    let mapped = NUMAMaps(of: process)?.pagesOfNodes(
      at: UInt(bitPattern: base), count: count, pageBytes: pageBytes)
    guard let mapped else { return judge(answer, expected: node, nodes: nodes) }
    return judge(pagesOfNodes: mapped, expected: node)
  }

  /// The verdict on numa_maps' answer, which is for every page.
  static func judge(pagesOfNodes pages: [Int: Int], expected node: Int) -> Placement {
    let misplaced = pages.reduce(0) { $0 + ($1.key == node ? 0 : $1.value) }
    return misplaced > 0 ? .misplaced(misplaced) : .verified
  }

  /// The verdict on move_pages' answer (nil: refused).
  static func judge(_ pages: [Int32]?, expected node: Int, nodes: [Int]) -> Placement {
    let misplaced = pages?.count { $0 >= 0 && Int($0) != node } ?? 0
    if misplaced > 0 { return .misplaced(misplaced) }
    if let pages, !pages.isEmpty, pages.allSatisfy({ $0 >= 0 }) { return .verified }
    return nodes == [node] ? .onlyNode : .unknown
  }
}

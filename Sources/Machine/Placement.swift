// SPDX-License-Identifier: Apache-2.0

/// What is known of where a region's pages are. Only pages that the kernel was asked about are `verified`.
public enum Placement: Hashable, Codable, Sendable {
  /// Every page is on the expected node: the kernel said so, page by page.
  case verified
  /// The kernel did not say for every page, but the machine has no other node.
  case onlyNode
  /// So many pages are on another node than expected.
  case misplaced(Int)
  /// The kernel did not say for at least one page, and there are other nodes.
  case unknown

  /// The word in the CSV's column `placement`.
  public var text: String {
    switch self {
    case .verified: "verified"
    case .onlyNode: "only-node"
    case .misplaced(let pages): "misplaced \(pages)"
    case .unknown: "unknown"
    }
  }

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

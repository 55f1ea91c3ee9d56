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
}

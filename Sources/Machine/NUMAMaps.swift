// SPDX-License-Identifier: Apache-2.0
import Model

/// Where the pages of a mapping are, from /proc/PID/numa_maps (CONFIG_NUMA; proc(5)): a line for each mapping, by the
/// address at which it begins.
///
/// It is read where move_pages does not answer: many containers forbid the call, and older kernels answer ENOENT for the
/// pages of memfd_secret, because their `follow_page()` returns none for such a mapping. How it can mislead: it tells how
/// many pages are on a node, not which, so that it is used where it counts all pages of a mapping and no others.
struct NUMAMaps {
  private let text: String

  init(_ text: String) { self.text = text }

  /// Of a live process; 0 is this one. Nil where the file is not there.
  init?(of process: Int32, files: SystemFiles = SystemFiles()) {
    guard let text = files.text("/proc/\(process == 0 ? "self" : String(process))/numa_maps") else {
      return nil
    }
    self.init(text)
  }

  /// Pages of each node in the mapping that begins at `address`; nil where none does, or where it does not have `count`
  /// pages of `pageBytes`.
  func pagesOfNodes(at address: UInt, count: Int, pageBytes: Int) -> [Int: Int]? {
    let start = String(address, radix: 16)
    guard
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix(start + " ") })
    else { return nil }
    var pages: [Int: Int] = [:]
    var kernelPageKiB: Int?
    for word in line.split(separator: " ") {
      if word.first == "N", let equals = word.firstIndex(of: "="),
        let node = Int(word[word.index(after: word.startIndex)..<equals]),
        let number = Int(word[word.index(after: equals)...])
      {
        pages[node] = number
      } else if word.hasPrefix("kernelpagesize_kB=") {
        kernelPageKiB = Int(word.dropFirst("kernelpagesize_kB=".count))
      }
    }
    guard kernelPageKiB == pageBytes >> 10, pages.values.reduce(0, +) == count else { return nil }
    return pages
  }
}

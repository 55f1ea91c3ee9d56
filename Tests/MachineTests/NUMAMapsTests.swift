// SPDX-License-Identifier: Apache-2.0
import GuestMemory
import Model
import Testing

@testable import Machine

struct NUMAMapsTests {
  /// Recorded on Linux 6.18 from a process with 64 pages of memfd_secret; the second and third line are made after
  /// mm/mempolicy.c show_numa_map: two nodes, and huge pages.
  private let maps = NUMAMaps(
    """
    7ff4079fb000 default file=/secretmem\\040(deleted) dirty=64 active=43 N0=64 kernelpagesize_kB=4
    7ff407a00000 prefer:1 anon=512 dirty=512 active=0 N0=100 N1=412 kernelpagesize_kB=4
    7ff408000000 default file=/dev/hugepages/x huge dirty=2 N1=2 kernelpagesize_kB=2048
    7ff409000000 default

    """)

  private func pages(_ address: UInt, _ count: Int) -> [Int: Int]? {
    maps.pagesOfNodes(at: address, count: count, pageBytes: 4096)
  }

  @Test func aMappingsPagesAreCountedByNode() {
    #expect(pages(0x7ff4_079f_b000, 64) == [0: 64])
    #expect(pages(0x7ff4_07a0_0000, 512) == [0: 100, 1: 412])
  }

  @Test(arguments: [
    (UInt(0x7ff4_079f_b000), 65), (0x7ff4_079f_b000, 63), (0x7ff4_0800_0000, 2), (0x7ff4_0900_0000, 0),
    (0x7ff4_079f_c000, 64), (0x7ff4, 64),
  ])
  func whatItDoesNotTellOfEveryPageIsNoAnswer(address: UInt, count: Int) {
    #expect(pages(address, count) == nil)
  }

  @Test func pagesElsewhereAreMisplaced() {
    #expect(Placement.judge(pagesOfNodes: [0: 64], expected: 0) == .verified)
    #expect(Placement.judge(pagesOfNodes: [0: 100, 1: 412], expected: 1) == .misplaced(100))
  }

  /// Both ways say the same of memory that is there.
  @Test(
    .enabled(if: NUMAMaps(of: 0) != nil, "/proc/self/numa_maps"), arguments: [false, true])
  func itAgreesWithMovePages(isSecret: Bool) throws {
    let bytes = 64 * 4096
    if isSecret, SecretMemory.openAndClose() != 0 { return }
    let region = try Region.mapping(
      isSecret ? try MemoryFile.memfdSecret(bytes: bytes) : try MemoryFile.memfd(bytes: bytes))
    for page in 0..<64 { region.base.storeBytes(of: 1, toByteOffset: page * 4096, as: UInt8.self) }
    let maps = try #require(NUMAMaps(of: 0)).pagesOfNodes(
      at: UInt(bitPattern: region.base), count: 64, pageBytes: 4096)
    let nodes = MemoryPolicy.nodes(of: region.base, pageBytes: 4096, count: 64) ?? []
    let counted = Dictionary(grouping: nodes.filter { $0 >= 0 }) { Int($0) }.mapValues(\.count)
    #expect(maps?.values.reduce(0, +) == 64)
    #expect(counted == maps || counted.isEmpty, "move_pages counts \(counted)")
  }
}

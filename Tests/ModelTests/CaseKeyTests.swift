// SPDX-License-Identifier: Apache-2.0
import Foundation
import Model
import Testing

@Suite("keys of cases")
struct CaseKeyTests {
  private static let plain = Case("fault-in", "touch", .memfd, pages: 512).with { $0.others = .spin }
  private static let end =
    "/pages=512/order=sequential/threads=1/cpu_node=0/memory_node=0/others=spin/state=cold"

  /// Each axis with a value that is not its neutral one, and the key that samples, series and comparisons meet under.
  private static let changes: [(change: @Sendable (inout Case) -> Void, key: String)] = [
    ({ _ in }, "fault-in/touch/memfd" + end),
    ({ $0.benchmark = "free" }, "free/touch/memfd" + end),
    ({ $0.operation = "unmap" }, "fault-in/unmap/memfd" + end),
    (
      { $0.backing = .guestMemfdPrivateNoDirectMap },
      "fault-in/touch/guest_memfd_private_no_direct_map" + end
    ),
    (
      { $0.pages = 16384 },
      "fault-in/touch/memfd/pages=16384/order=sequential/threads=1/cpu_node=0/memory_node=0/others=spin/state=cold"
    ),
    (
      { $0.order = .random },
      "fault-in/touch/memfd/pages=512/order=random/threads=1/cpu_node=0/memory_node=0/others=spin/state=cold"
    ),
    (
      { $0.threads = 4 },
      "fault-in/touch/memfd/pages=512/order=sequential/threads=4/cpu_node=0/memory_node=0/others=spin/state=cold"
    ),
    (
      { $0.cpuNode = 2 },
      "fault-in/touch/memfd/pages=512/order=sequential/threads=1/cpu_node=2/memory_node=0/others=spin/state=cold"
    ),
    (
      { $0.memoryNode = 3 },
      "fault-in/touch/memfd/pages=512/order=sequential/threads=1/cpu_node=0/memory_node=3/others=spin/state=cold"
    ),
    (
      { $0.others = .poll },
      "fault-in/touch/memfd/pages=512/order=sequential/threads=1/cpu_node=0/memory_node=0/others=poll/state=cold"
    ),
    (
      { $0.state = .warm },
      "fault-in/touch/memfd/pages=512/order=sequential/threads=1/cpu_node=0/memory_node=0/others=spin/state=warm"
    ),
    ({ $0.directMap = .split }, "fault-in/touch/memfd" + end + "/direct_map=split"),
    ({ $0.flush = .off }, "fault-in/touch/memfd" + end + "/flush=off"),
    ({ $0.batch = 64 }, "fault-in/touch/memfd" + end + "/batch=64"),
    ({ $0.cycle = 8 }, "fault-in/touch/memfd" + end + "/cycle=8"),
    ({ $0.busy = BusyCPUs(2, .walk) }, "fault-in/touch/memfd" + end + "/busy=2:walk"),
    ({ $0.busy = BusyCPUs(0, .vcpu, node: 1) }, "fault-in/touch/memfd" + end + "/busy=0:vcpu@1"),
    ({ $0.online = 3 }, "fault-in/touch/memfd" + end + "/online=3"),
    ({ $0.sibling = .spin }, "fault-in/touch/memfd" + end + "/sibling=spin"),
    ({ $0.replica = 0 }, "fault-in/touch/memfd" + end + "/replica=0"),
    (
      {
        ($0.directMap, $0.flush, $0.batch, $0.cycle) = (.cold, .on, 1, 2)
        ($0.busy, $0.online, $0.replica) = (BusyCPUs(1, .syscall), 4, 5)
        $0.sibling = .offline
      },
      "fault-in/touch/memfd" + end
        + "/direct_map=cold/flush=on/batch=1/cycle=2/busy=1:syscall/online=4/sibling=offline/replica=5"
    ),
  ]

  @Test(arguments: changes.indices) func aKeyIsTheSameAsEver(index: Int) {
    var measured = Self.plain
    Self.changes[index].change(&measured)
    #expect(measured.key == Self.changes[index].key)
  }

  @Test(arguments: changes.indices) func aKeyIsReadBack(index: Int) {
    #expect(Case(key: Self.changes[index].key)?.key == Self.changes[index].key)
  }

  @Test(arguments: [
    "", "fault-in", "fault-in/touch/memfd", "fault-in/touch/other/pages=1",
    "fault-in/touch/memfd" + end + "/new=1",
    "fault-in/touch/memfd" + end + "/threads=1", "fault-in/touch/memfd" + end + "/busy=2:walk@",
    "fault-in/touch/memfd/pages=512",
  ]) func anotherKeyIsNone(key: String) {
    #expect(Case(key: key) == nil)
  }

  @Test func everyPropertyIsAnAxisAndIsTriedHere() {
    #expect(Mirror(reflecting: Self.plain).children.count == Axis.all.count)
    let moved = Axis.all.filter { axis in
      Self.changes.contains { change in
        axis.text(of: Self.plain.with(change.change)) != axis.text(of: Self.plain)
      }
    }
    #expect(moved.map(\.name) == Axis.all.map(\.name))
  }

  @Test(arguments: changes.indices) func aCaseGoesToAnotherProcessAndBack(index: Int) throws {
    var measured = Self.plain
    Self.changes[index].change(&measured)
    #expect(try JSONDecoder().decode(Case.self, from: JSONEncoder().encode(measured)) == measured)
  }
}

// SPDX-License-Identifier: Apache-2.0
import Analysis
import GuestMemory
import Statistics
import Testing

@testable import Suite

@Suite struct RemovalStepTests {
  private let tail = "/pages=512/order=sequential/threads=1/cpu_node=0/memory_node=0/others=spin"
  private func key(_ operation: String, _ backing: String = "guest_memfd_no_direct_map") -> String {
    "\(operation)/\(backing)\(tail)"
  }

  /// Nights of which each shows interrupts a page at the allocation and at the touch after it.
  private func histories(_ nights: [(abi: String, allocation: Double?, touch: Double?)]) -> [SeriesHistory] {
    [
      ("fault-in/fallocate", nights.map(\.allocation)),
      ("fault-in/touch-after-fallocate", nights.map(\.touch)),
    ].map { operation, calls in
      SeriesHistory(
        series: Series(machineKey: "m", key: key(operation), unit: "ns"),
        points: calls.enumerated().map { night, calls in
          SeriesPoint(
            runID: "run-\(night)", startedAt: "2026-01-1\(night)T02:00:00Z", runStatus: "complete",
            kernelRelease: "6.18", status: "ok", reason: "", blocks: 9, value: nil, ratio: nil,
            abi: nights[night].abi, callsPerPage: calls)
        })
    }
  }

  @Test func theStepIsWhereTheInterruptsAre() {
    func shown(_ allocation: Double?, _ touch: Double?) -> RemovalStep? {
      var calls: [String: Double] = [:]
      calls[key("fault-in/fallocate")] = allocation
      calls[key("fault-in/touch-after-fallocate")] = touch
      // What is no guest_memfd without direct map says nothing.
      calls[key("fault-in/fallocate", "memfd")] = 1
      return RemovalStep.shown(by: calls)
    }
    #expect(shown(0.01, 1.0) == .fault && shown(1.0, 0.01) == .allocation)
    #expect(shown(0, 0) == nil && shown(1, 1) == nil && shown(nil, 1) == nil)
  }

  @Test func aChangeIsAnnouncedOnceAndWithItsNights() {
    let changes = RemovalStep.changes(
      in: histories([("v7", 0, 1), ("v7", 0, 1), ("mainline", nil, nil), ("mainline", 1, 0)]))
    #expect(changes.map(\.startedAt) == ["2026-01-12T02:00:00Z", "2026-01-13T02:00:00Z"])
    #expect(changes.map(\.before) == ["2026-01-11T02:00:00Z", "2026-01-11T02:00:00Z"])
    #expect(changes[0].what.contains("v7 → mainline"))
    #expect(changes[1].what.contains("at the fault → at the allocation"))
    #expect(RemovalStep.changes(in: histories([("v7", 0, 1), ("v7", 0, 1)])).isEmpty)
  }

  @Test func itBearsOnWhatTakesPagesInButNotOnTheWholeWay() {
    #expect(
      RemovalStep.bears(on: key("fault-in/touch")) && RemovalStep.bears(on: key("guest-fault/pre-fault")))
    #expect(RemovalStep.bears(on: key("tlb-flush/faulting-thread", "guest_memfd_private_no_direct_map")))
    #expect(!RemovalStep.bears(on: key("fault-in/end-to-end")) && !RemovalStep.bears(on: key("free/close")))
    #expect(!RemovalStep.bears(on: key("fault-in/touch", "guest_memfd")))
    #expect(
      !RemovalStep.bears(on: key("fault-in/touch", "memfd_secret")) && !RemovalStep.bears(on: "any text"))
  }

  /// A kernel that moves the removal from the fault to the allocation is no regression of the allocation.
  @Test func aMovedRemovalIsNoAlarm() {
    var made = histories(
      Array(repeating: ("mainline", 0, 1), count: 10) + Array(repeating: ("mainline", 1, 0), count: 10))
    for history in made.indices {
      for night in made[history].points.indices {
        let removes = made[history].points[night].callsPerPage == 1
        let value = (removes ? 3000.0 : 1000) + Double(night % 3)
        made[history].points[night].startedAt = "2026-01-\(10 + night)T02:00:00Z"
        made[history].points[night].value = LocationEstimate(value: value, interval: .unbounded)
      }
    }
    let context = RemovalStep.changes(in: made)
    let check = SeriesCheck(made, rule: SeriesCheck.Rule()) { RemovalStep.explains($0, by: context) }
    #expect(context.count == 1 && check.alarms.isEmpty)
    #expect(check.changes.count == 2 && check.changes.allSatisfy { $0.verdict == .meaning })
  }
}

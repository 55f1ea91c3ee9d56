// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import Harness
@testable import Model

@Suite("the flush", .serialized)
struct FlushTests {
  @Test func theKeyNamesTheFlushOnlyWhereItIsSwitched() {
    let plain =
      "made-up/call/memfd/pages=8/order=sequential/threads=1/cpu_node=0/memory_node=0/others=idle/state=cold"
    #expect(MadeUpRun.measured(.memfd).key == plain)
    #expect(MadeUpRun.measured(.memfd, flush: .off).key == plain + "/flush=off")
    #expect(MadeUpRun.measured(.memfd, flush: .on).key == plain + "/flush=on")
  }

  @Test func aBlockRunsInTheStateOfItsCase() throws {
    let file = MadeUpSwitch("Y")
    let path = file.path
    let spec = MadeUpRun.spec { measured, context throws(Refusal) in
      guard MadeUpSwitch.state(path) == (measured.flush == .on ? "Y" : "N") else {
        throw .failed("the switch is not where the case wants it")
      }
      return try MadeUpRun.call(context, ticks: measured.flush == .on ? 16 : 8)
    }
    let (report, sink) = try MadeUpRun.run(spec, arms: [.memfd], flushSwitch: path)
    #expect(report.summaries.map(\.status) == [.ok, .ok])
    #expect(sink.blocks.count > 10)
    #expect(file.state == "Y")
  }

  @Test func aBlockThatFailsPutsItBack() throws {
    let file = MadeUpSwitch("Y")
    let spec = MadeUpRun.spec { _, _ throws(Refusal) in throw .failed("broken") }
    let (report, _) = try MadeUpRun.run(spec, arms: [.memfd], flushSwitch: file.path)
    #expect(report.summaries.map(\.reason) == ["broken", "broken"])
    #expect(file.state == "Y")
  }
}

@Suite("what the counters show of a flush")
struct FlushShownTests {
  private static func shown(
    _ calls: [Int64]?, others: OthersState = .spin, backing: Backing = .memfdSecret, interrupts: Bool = true
  ) -> FlushState? {
    var measured = MadeUpRun.measured(backing)
    measured.others = others
    let counters = Counters(calInterrupts: calls, tlbInterrupts: calls?.map { _ in 1 })
    let witness = FlushWitness(
      CPURoles(measuring: 0, held: CPUSet([1, 2, 3]), online: CPUSet(0..<4)),
      mechanism: interrupts ? "IPI" : nil)
    return witness.shown(by: counters, blocks: 2, of: measured)
  }

  /// Two blocks of 8 pages and three other CPUs: 48 flushes.
  @Test func oneAPageOnEachOtherCPUIsAFlush() {
    #expect(Self.shown([1, 17, 17, 17]) == .on)
    #expect(Self.shown([1, 2, 1, 1]) == .off)
    #expect(Self.shown([1, 9, 9, 9]) == .unknown)
  }

  @Test func whatCannotBeCountedIsUnknown() {
    #expect(Self.shown([1, 17, 17, 17], others: .idle) == .unknown)
    #expect(Self.shown([1, 1, 1, 1], interrupts: false) == .unknown)
    #expect(Self.shown(nil) == .unknown)
    #expect(Self.shown([1]) == .unknown)
    #expect(Self.shown([1, 17, 17, 17], backing: .memfd) == nil)
  }

  @Test func onlyTheContraryContradicts() {
    #expect(FlushSetting.off.contradiction(.on) != nil)
    #expect(FlushSetting.on.contradiction(.off) != nil)
    for (asked, shown) in [(FlushSetting.off, FlushState.off), (.on, .on), (.on, .unknown), (.off, .unknown)]
    {
      #expect(asked.contradiction(shown) == nil)
    }
    #expect(FlushSetting.on.contradiction(nil) == nil)
  }
}

// SPDX-License-Identifier: Apache-2.0
import CKernel
import Foundation
import GuestMemory
import Machine
import Testing

@testable import Harness
@testable import Model

/// A file that stands in for the kernel's switch.
private struct MadeUpSwitch: ~Copyable {
  let path: String

  init(_ state: String) {
    path = NSTemporaryDirectory() + "gmembench-switch-\(UUID().uuidString)"
    _ = FileManager.default.createFile(atPath: path, contents: Data("\(state)\n".utf8))
  }

  deinit { unlink(path) }

  var state: String { Self.state(path) }

  static func state(_ path: String) -> String { SystemFiles().line(path) ?? "gone" }
}

/// What the machine's one signal handler knows of is one switch at a time: nothing here runs beside another.
@Suite("the flush", .serialized)
struct FlushTests {
  @Test func theKeyNamesTheFlushOnlyWhereItIsSwitched() {
    let plain =
      "made-up/call/memfd/pages=8/order=sequential/threads=1/cpu_node=0/memory_node=0/others=idle/state=cold"
    #expect(MadeUpRun.measured(.memfd).key == plain)
    #expect(MadeUpRun.measured(.memfd, flush: .off).key == plain + "/flush=off")
    #expect(MadeUpRun.measured(.memfd, flush: .on).key == plain + "/flush=on")
  }

  @Test(arguments: ["Y", "N"], [true, false]) func itIsSetAndPutBack(before: String, isOn: Bool) throws {
    let file = MadeUpSwitch(before)
    let held = try FlushSwitch.holding(isOn, at: file.path)
    #expect(file.state == (isOn ? "Y" : "N"))
    try held.restore()
    #expect(file.state == before)
  }

  @Test func itIsPutBackWhenItsOwnerGoes() throws {
    let file = MadeUpSwitch("Y")
    struct Broken: Error {}
    func breaks() throws {
      let held = try FlushSwitch.holding(false, at: file.path)
      #expect(file.state == "N")
      if file.state == "N" { throw Broken() }
      try held.restore()
    }
    #expect(throws: Broken.self) { try breaks() }
    #expect(file.state == "Y")
    // And it can be held again.
    try FlushSwitch.holding(false, at: file.path).restore()
  }

  @Test func nobodyElseCanHoldItMeanwhile() throws {
    let file = MadeUpSwitch("Y")
    let held = try FlushSwitch.holding(false, at: file.path)
    #expect(throws: Refusal.self) { _ = try FlushSwitch.holding(true, at: file.path) }
    #expect(file.state == "N")
    try held.restore()
    #expect(file.state == "Y")
  }

  @Test(arguments: [("/nonexistent", "no switch"), ("/sys/devices/system/cpu/online", "not writable")])
  func whereThereIsNoneTheReasonSaysSo(path: String, words: String) {
    let refusal = #expect(throws: Refusal.self) { try FlushSwitch.check(path) }
    #expect(refusal?.kind == .unsupported)
    #expect(refusal?.reason.contains(words) == true, "\(refusal?.reason ?? "")")
    #expect(refusal?.remedy?.contains("scripts/lab") == true)
  }

  @Test func aSwitchThatDoesNotTakeFailsAndStays() {
    // /dev/null takes all and says nothing.
    #expect(throws: Refusal.self) { _ = try FlushSwitch.holding(true, at: "/dev/null") }
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

  /// In a process of its own, since it dies: what the switch says afterwards.
  private static let dying = "GMEMBENCH_TEST_SWITCH"

  @Test func aCrashPutsItBack() async throws {
    let file = MadeUpSwitch("Y")
    setenv(Self.dying, file.path, 1)
    // Not SIGABRT: the thread that a test runs on may block that.
    await #expect(processExitsWith: .signal(SIGSEGV)) {
      let path = getenv("GMEMBENCH_TEST_SWITCH").map { String(cString: $0) } ?? ""
      let held = try FlushSwitch.holding(false, at: path)
      guard SystemFiles().line(path) == "N" else { exit(1) }
      raise(SIGSEGV)
      try held.restore()
    }
    #expect(file.state == "Y")
  }

  @Test func aSecondSignalPutsItBackAndEndsTheProcess() async throws {
    let file = MadeUpSwitch("Y")
    setenv(Self.dying, file.path, 1)
    await #expect(processExitsWith: .signal(SIGTERM)) {
      let path = getenv("GMEMBENCH_TEST_SWITCH").map { String(cString: $0) } ?? ""
      try check(ckernel_signals_install(), "installing signal handlers")
      let held = try FlushSwitch.holding(false, at: path)
      raise(SIGTERM)
      // The first is only noted.
      guard SystemFiles().line(path) == "N", ckernel_signals_pending() == SIGTERM else { exit(1) }
      raise(SIGTERM)
      try held.restore()
    }
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
      Crew(measuring: 0, held: CPUSet([1, 2, 3]), online: CPUSet(0..<4)), mechanism: interrupts ? "IPI" : nil)
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

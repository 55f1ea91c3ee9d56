// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import HostChanges
import Machine
import Model
import TestSupport
import Testing

/// What the machine's one signal handler knows of is one switch at a time: nothing here runs beside another.
@Suite("the flush's switch", .serialized)
struct FlushSwitchTests {
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
      guard ckernel_signals_install() == 0 else { exit(1) }
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

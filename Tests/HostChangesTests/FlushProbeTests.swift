// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import Machine
import Model
import TestSupport
import Testing

@testable import HostChanges

@Suite("probes around the flush", .serialized)
struct FlushProbeTests {
  private static let tracing = "/sys/kernel/tracing"
  private static let tree = [
    "/proc/filesystems": "nodev\ttracefs\n",
    "/proc/kallsyms": "0 T flush_tlb_kernel_range_not\n0 T flush_tlb_kernel_range\n",
    "\(tracing)/kprobe_events": "",
    "\(tracing)/trace_clock": "[local] global mono_raw x86-tsc\n",
  ]

  private func message(without paths: [String] = [], _ changes: [String: String] = [:]) -> String? {
    let contents = Self.tree.merging(changes) { $1 }.filter { !paths.contains($0.key) }
    let tree = RecordedTree(contents)
    do throws(Refusal) {
      try FlushProbe.check(.monotonic, files: tree.files)
      return nil
    } catch { return error.description }
  }

  @Test func whatIsMissingIsNamed() throws {
    #expect(message() == nil)
    #expect(
      message(without: ["/proc/filesystems", "\(Self.tracing)/kprobe_events", "\(Self.tracing)/trace_clock"])?
        .contains("has no tracefs") == true)
    #expect(
      message(without: ["\(Self.tracing)/kprobe_events", "\(Self.tracing)/trace_clock"])?
        .contains("mount -t tracefs tracefs /sys/kernel/tracing") == true)
    #expect(message(without: ["\(Self.tracing)/kprobe_events"])?.contains("CONFIG_KPROBE_EVENTS") == true)
    #expect(message(["\(Self.tracing)/trace_clock": "[local]\n"])?.contains("no clock mono_raw") == true)
    // Inlined, as on arm64.
    #expect(message(["/proc/kallsyms": "0 T flush_tlb_kernel_range_not\n"])?.contains("no function") == true)
  }

  @Test func debugfsServesToo() {
    let moved = Dictionary(
      uniqueKeysWithValues: Self.tree.map {
        ($0.key.replacing(Self.tracing, with: "/sys/kernel/debug/tracing"), $0.value)
      })
    let tree = RecordedTree(moved)
    #expect(throws: Never.self) { try FlushProbe.check(.monotonic, files: tree.files) }
  }

  @Test func aCallIsFromItsEntryToItsReturn() {
    let text = """
      # tracer: nop
      #           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
      109 1 22246834498 type: 609
      109 1 22247228126 type: 610
       109 1 22247356358 type: 611
      109 1 22247356360 type: 612
      109 1 22247400000 type: 609
      109 1 22247400010 type: 610

      """
    #expect(FlushProbe.durations(text, types: [609, 610, 611, 612]) == [[393_628, 10], [2]])
    #expect(FlushProbe.durations("# tracer: nop\n", types: [1, 2, 3, 4]) == [[], []])
  }

  @Test(arguments: [
    "1 1 5 type: 609\n", "1 1 5 type: 610\n", "1 1 5 type: 609\n1 1 6 type: 609\n",
    "1 1 5 type: 609\n1 1 6 type: 612\n", "1 1 5 type: 609\n1 1 4 type: 610\n", "1 1 5 type: 608\n",
    "CPU:1 [LOST 3 EVENTS]\n", "\n1 1\n",
  ])
  func whatDoesNotPairIsNoDuration(text: String) {
    #expect(FlushProbe.durations(text, types: [609, 610, 611, 612]) == nil)
  }

  private static let isAvailable: Bool = {
    do throws(Refusal) { try FlushProbe.check(.monotonic) } catch { return false }
    return true
  }()

  private static let events = SystemFiles().text("\(tracing)/kprobe_events") ?? ""

  @Test(.enabled(if: isAvailable, "kprobe_events, as root"))
  func callsAreRecordedWhileArmedAndNothingIsLeft() throws {
    let allowed = Affinity.current()
    defer { if let allowed { Affinity.restore(allowed) } }
    let cpu = try #require(allowed?.members.first)
    try Affinity.pin(toCPU: cpu)
    let files = SystemFiles()
    let folder = "\(Self.tracing)/instances/gmembench-\(getpid())"
    // What an earlier process of this number left.
    #expect(mkdir(folder, 0o750) == 0)
    do {
      let probe = try FlushProbe.make(cpu: cpu, thread: ckernel_gettid(), calls: 8, clock: .monotonic)
      for _ in 0..<2 {
        try probe.arm()
        try probe.disarm()
        let durations = try probe.durations()
        #expect(durations.emptyCalls.count == 64 && durations.flushes.isEmpty)
        #expect(durations.emptyCalls.allSatisfy { $0 > 0 })
      }
      #expect(files.names(in: folder) != nil)
    }
    #expect(files.names(in: folder) == nil)
    #expect(files.text("\(Self.tracing)/kprobe_events") == Self.events)
  }
}

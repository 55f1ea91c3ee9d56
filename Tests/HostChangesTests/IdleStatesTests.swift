// SPDX-License-Identifier: Apache-2.0
import Glibc
import Machine
import Model
import TestSupport
import Testing

@testable import HostChanges

@Suite("idle states", .serialized) struct IdleStatesTests {
  private func refusal(_ files: [String: String]) -> Refusal? {
    let tree = RecordedTree(files)
    return withExtendedLifetime(tree) { IdleStatesOff.refusal(files: tree.files) }
  }

  @Test func withoutADriverThereIsNothingToHoldOff() {
    let driver = "/sys/devices/system/cpu/cpuidle/current_driver"
    #expect(refusal([:])?.kind == .unsupported)
    #expect(refusal([driver: "none\n", "/dev/cpu_dma_latency": ""])?.kind == .unsupported)
    #expect(refusal([driver: "intel_idle\n"])?.reason.contains("/dev/cpu_dma_latency") == true)
    #expect(refusal([driver: "intel_idle\n", "/dev/cpu_dma_latency": ""]) == nil)
  }

  /// How often the deepest state of each CPU was entered, together.
  private func entries() throws -> Int {
    let files = SystemFiles()
    let folder = "/sys/devices/system/cpu"
    return try Topology.read().online.members.reduce(0) { sum, cpu in
      let states = (files.names(in: "\(folder)/cpu\(cpu)/cpuidle") ?? []).filter { $0.hasPrefix("state") }
      let deepest = try #require(states.compactMap { Int($0.dropFirst(5)) }.max())
      return sum + (files.integer("\(folder)/cpu\(cpu)/cpuidle/state\(deepest)/usage") ?? 0)
    }
  }

  @Test(.enabled(if: IdleStatesOff.refusal() == nil, "a cpuidle driver, and root")) func noCPUEntersOne()
    throws
  {
    let held = try IdleStatesOff()
    // Those that sleep already wake first.
    usleep(100_000)
    let before = try entries()
    usleep(300_000)
    #expect(try entries() == before)
    _ = consume held
  }
}

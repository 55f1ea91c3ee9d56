// SPDX-License-Identifier: Apache-2.0
import Glibc
import Machine
import Model
import TestSupport
import Testing

@testable import HostChanges

@Suite("CPUs taken offline and back")
struct OnlineCPUsTests {
  private static let cpus = CPUSet(0..<6)

  /// Six CPUs; 0 has no file, as on x86.
  private static func tree() -> RecordedTree {
    RecordedTree(
      Dictionary(uniqueKeysWithValues: (1..<6).map { ("/sys/devices/system/cpu/cpu\($0)/online", "1\n") }))
  }

  private static func states(_ files: SystemFiles) -> String {
    (1..<6).map { files.line("/sys/devices/system/cpu/cpu\($0)/online") ?? "?" }.joined()
  }

  @Test func theMeasuringCPUAndThoseWithoutTheFileStay() throws {
    let tree = Self.tree()
    var cpus = OnlineCPUs(beside: 3, online: Self.cpus, files: tree.files)
    #expect(cpus.counts == 2...6)
    try cpus.keep(cpus.remaining(2))
    #expect(Self.states(tree.files) == "00100")
    try cpus.keep(cpus.remaining(4))
    #expect(Self.states(tree.files) == "11100")
    try cpus.keep(cpus.remaining(3))
    #expect(Self.states(tree.files) == "10100")
    try cpus.restore()
    #expect(Self.states(tree.files) == "11111")
  }

  @Test func anyOfThemCanGo() throws {
    let tree = Self.tree()
    var cpus = OnlineCPUs(beside: 3, online: Self.cpus, files: tree.files)
    try cpus.keep(Self.cpus.subtracting(CPUSet([1, 4])))
    #expect(Self.states(tree.files) == "01101")
    try cpus.restore()
    #expect(Self.states(tree.files) == "11111")
  }

  @Test func theOneThatCannotGoIsNamed() {
    let tree = Self.tree()
    #expect(OnlineCPUs.refusal(of: CPUSet([1, 4]), files: tree.files) == nil)
    let stays = OnlineCPUs.refusal(of: CPUSet([0, 4]), files: tree.files)
    #expect(stays?.reason == "CPU 0 cannot be taken offline")
    // A file that no one can write to, whoever runs this.
    unlink(tree.files.root + "/sys/devices/system/cpu/cpu4/online")
    mkdir(tree.files.root + "/sys/devices/system/cpu/cpu4/online", 0o755)
    #expect(OnlineCPUs.refusal(of: CPUSet([1, 4]), files: tree.files)?.remedy == "root, and a writable /sys")
    #expect(Self.states(tree.files).hasPrefix("111"))
  }

  @Test func allComeBackWhenTheirOwnerGoes() throws {
    let tree = Self.tree()
    do {
      var cpus = OnlineCPUs(beside: 0, online: Self.cpus, files: tree.files)
      try cpus.keep(cpus.remaining(1))
      #expect(Self.states(tree.files) == "00000")
    }
    #expect(Self.states(tree.files) == "11111")
  }

  @Test func tooFewAreRefusedWithTheReason() throws {
    let tree = Self.tree()
    try OnlineCPUs.check(beside: 0, online: Self.cpus, least: 6, files: tree.files)
    let few = #expect(throws: Refusal.self) {
      try OnlineCPUs.check(beside: 5, online: Self.cpus, least: 6, files: tree.files)
    }
    #expect(few?.reason == "of 6 online CPUs 4 can be taken offline, and 5 have to be")
    // A file that no one can write to, whoever runs this.
    unlink(tree.files.root + "/sys/devices/system/cpu/cpu1/online")
    mkdir(tree.files.root + "/sys/devices/system/cpu/cpu1/online", 0o755)
    let refused = #expect(throws: Refusal.self) {
      try OnlineCPUs.check(beside: 0, online: Self.cpus, least: 6, files: tree.files)
    }
    #expect(refused?.remedy == "root, and a writable /sys")
  }

  /// In a process of its own, since it dies.
  @Test func aCrashBringsAllBack() async throws {
    let tree = Self.tree()
    setenv("GMEMBENCH_TEST_CPUS", tree.files.root, 1)
    await #expect(processExitsWith: .signal(SIGSEGV)) {
      let files = SystemFiles(root: getenv("GMEMBENCH_TEST_CPUS").map { String(cString: $0) } ?? "")
      guard !files.isLive else { exit(1) }
      var cpus = OnlineCPUs(beside: 0, online: CPUSet(0..<6), files: files)
      try cpus.keep(cpus.remaining(1))
      guard files.line("/sys/devices/system/cpu/cpu2/online") == "0" else { exit(1) }
      raise(SIGSEGV)
      try cpus.restore()
    }
    #expect(Self.states(tree.files) == "11111")
  }
}

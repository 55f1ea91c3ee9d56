// SPDX-License-Identifier: Apache-2.0
import Harness
import Model
import Testing

@Suite("who does what beside the measuring CPU")
struct CPURolesTests {
  private let roles = CPURoles(
    measuring: 5, held: CPUSet(0..<5), online: CPUSet(0..<6), nodes: [0: CPUSet(0..<3), 1: CPUSet(3..<6)],
    remaining: [2: CPUSet([0, 5]), 3: CPUSet([0, 1, 5])])

  private func measured(
    _ others: OthersState, threads: Int = 1, busy: BusyCPUs? = nil, online: Int? = nil
  ) -> Case {
    Case("b", "o", .memfd, pages: 1).with {
      ($0.others, $0.threads, $0.busy, $0.online) = (others, threads, busy, online)
    }
  }

  @Test func theOthersSpinOrSomeOfThemAreBusy() {
    #expect(roles.busy(in: measured(.spin)).cpus == CPUSet(0..<5))
    #expect(roles.busy(in: measured(.idle)).cpus.isEmpty)
    let two = roles.busy(in: measured(.idle, busy: BusyCPUs(2, .walk)))
    #expect(two.cpus == CPUSet([0, 1]) && two.state == .walk)
    #expect(roles.busy(in: measured(.idle, busy: BusyCPUs(2, .spin, node: 1))).cpus == CPUSet([3, 4]))
    #expect(roles.busy(in: measured(.idle, busy: BusyCPUs(3, .spin, node: 1))).cpus == CPUSet([3, 4]))
  }

  @Test func threadsTakeTheCPUsOfTheirNodeFirst() {
    #expect(roles.threads(of: measured(.idle)) == [5])
    #expect(roles.threads(of: measured(.idle, threads: 3)) == [5, 3, 4])
    #expect(roles.threadsElsewhere(of: measured(.idle, threads: 3)) == 0)
    #expect(roles.threads(of: measured(.idle, threads: 5)) == [5, 3, 4, 0, 1])
    #expect(roles.threadsElsewhere(of: measured(.idle, threads: 5)) == 2)
    #expect(roles.threads(of: measured(.idle, threads: 9)) == [5, 3, 4, 0, 1, 2])
  }

  @Test func whatThreadsLeaveCanSpin() {
    #expect(roles.busy(in: measured(.spin, threads: 3)).cpus == CPUSet(0..<3))
    #expect(roles.busy(in: measured(.spin, threads: 6)).cpus.isEmpty)
  }

  @Test func threadsTakeEveryCoreOnceBeforeTheyShareOne() {
    let siblings = [0: [1], 1: [0], 2: [3], 3: [2], 4: [5], 5: [4]].mapValues { CPUSet($0) }
    let roles = CPURoles(
      measuring: 7, held: CPUSet(0..<6), online: CPUSet(0..<8), nodes: [0: CPUSet(0..<8)], siblings: siblings)
    #expect(roles.threads(of: measured(.idle, threads: 7)) == [7, 0, 2, 4, 1, 3, 5])
  }

  @Test func nobodyIsBusyOnACPUThatIsOffline() {
    #expect(roles.online(in: measured(.spin, online: 3)) == CPUSet([0, 1, 5]))
    #expect(roles.busy(in: measured(.spin, online: 3)).cpus == CPUSet([0, 1]))
    #expect(roles.busy(in: measured(.idle, busy: BusyCPUs(4, .spin), online: 2)).cpus == CPUSet([0]))
    #expect(roles.online(in: measured(.spin, online: 6)) == CPUSet(0..<6))
    #expect(roles.online(in: measured(.spin, online: 1)) == nil)
  }

  /// CPUs 0 and 4, 1 and 5, … share a core; CPU 3 measures, so that no thread and no spinner of `others` gets CPU 7.
  private let paired = CPURoles(
    measuring: 3, held: CPUSet([0, 1, 2, 4, 5, 6]), online: CPUSet(0..<8),
    siblings: Dictionary(uniqueKeysWithValues: (0..<8).map { ($0, CPUSet([($0 + 4) % 8])) }))

  @Test func theSiblingIsLeftAloneUnlessTheCaseSaysSo() {
    #expect(paired.siblings == CPUSet([7]))
    #expect(!paired.busy(in: measured(.spin)).cpus.contains(7))
    #expect(paired.online(in: measured(.spin)) == CPUSet(0..<8))
    let idle = measured(.spin).with { $0.sibling = .idle }
    #expect(paired.busy(in: idle).cpus == paired.busy(in: measured(.spin)).cpus)
  }

  @Test(arguments: [(OthersState.spin, CPUSet([0, 1, 2, 4, 5, 6, 7])), (.idle, CPUSet([7]))])
  func theSiblingSpinsBesideWhatTheOthersDo(others: OthersState, busy: CPUSet) {
    let spinning = paired.busy(in: measured(others).with { $0.sibling = .spin })
    #expect(spinning.cpus == busy && spinning.state == .spin)
    #expect(paired.threads(of: measured(others, threads: 8)).contains(7) == false)
  }

  @Test func theSiblingAloneGoesOffline() {
    let offline = measured(.spin).with { $0.sibling = .offline }
    #expect(paired.online(in: offline) == CPUSet(0..<7))
    #expect(paired.busy(in: offline).cpus == CPUSet([0, 1, 2, 4, 5, 6]))
  }
}

// SPDX-License-Identifier: Apache-2.0
import Experiment
import GuestMemory
import Suite
import Testing

@Suite("plans")
struct PlanTests {
  private func plan(
    _ selection: Selection, named name: PlanName = .quick, available: Set<Backing> = Set(Backing.allCases),
    otherCPUs: Int = 5
  ) -> Plan {
    Plan.make(
      name, selection, precision: nil, budget: nil, seed: 1, otherCPUs: otherCPUs,
      isAvailable: available.contains)
  }

  private var everything: Selection { Selection(cpuNode: 0, memoryNodes: [0], pages: 512) }

  @Test func everyOperationAndEveryKeyOnce() {
    let plan = plan(everything)
    let keys = plan.groups.flatMap { $0.cases.map(\.key) }
    #expect(Set(keys).count == keys.count)
    let names = Set(plan.groups.map { "\($0.spec.benchmark)/\($0.spec.name)" })
    #expect(names == Set(Catalogue.operations.map { "\($0.benchmark)/\($0.name)" }))
  }

  @Test func quickMeasuresTheHeadlinesInBothStatesNeverTogether() {
    let groups = plan(everything).groups
    #expect(groups.allSatisfy { $0.spec.armAxis == .others || Set($0.cases.map(\.others)).count == 1 })
    for name in ["fault-in/touch", "guest-fault/touch", "free/unmap-last-reference"] {
      let states = groups.filter { "\($0.spec.benchmark)/\($0.spec.name)" == name }.map { $0.cases[0].others }
      #expect(states == [.spin, .idle])
    }
    #expect(groups.filter { $0.spec.name == "fallocate" }.map { $0.cases[0].others } == [.spin])
  }

  @Test(arguments: PlanName.allCases) func aloneNothingIsSaidToSpinExceptWhatNeedsIt(name: PlanName) {
    let groups = plan(everything, named: name, otherCPUs: 0).groups
    let spinning = groups.filter { $0.cases.contains { $0.others == .spin } }.map(\.spec.name)
    #expect(Set(spinning) == ["bystander", "faulting-thread"])
    #expect(groups.count { $0.spec.name == "touch" && $0.spec.benchmark == "fault-in" } == 1)
  }

  private static let machines: [(Set<Backing>, Backing)] = [
    (Set(Backing.allCases), .guestMemfd), ([.memfd, .anonymous], .memfd), ([.anonymous], .anonymous),
  ]

  @Test(arguments: machines)
  func theBaselineIsTheFirstThatTheMachineHas(available: Set<Backing>, expected: Backing) throws {
    let group = try #require(plan(everything, available: available).groups.first)
    #expect(Set(group.baselines.values.map(\.backing)) == [expected])
    #expect(group.baselines.count == group.cases.count - 1)
  }

  @Test func privateArmsAreHeldAgainstThePrivateBaseline() throws {
    let group = try #require(plan(everything).groups.first { $0.spec.benchmark == "guest-fault" })
    let secluded = try #require(group.cases.first { $0.backing == .guestMemfdPrivateNoDirectMap })
    #expect(group.baselines[secluded]?.backing == .guestMemfdPrivate)
  }

  @Test func aSelectionNarrows() {
    var selection = everything
    selection.benchmarks = ["free"]
    selection.operations = ["close", "unmap"]
    selection.backings = [.memfd]
    selection.others = [.idle]
    let cases = plan(selection, named: .full).groups.flatMap(\.cases)
    #expect(cases.map(\.operation) == ["unmap", "close"])
    #expect(cases.allSatisfy { $0.backing == .memfd && $0.others == .idle })
  }

  @Test func theFlushIsSwitchedAgainstItsAbsenceInBothStates() {
    let groups = plan(everything).groups.filter { $0.spec.name == "flush-cost" }
    #expect(groups.map { $0.cases[0].others } == [.spin, .idle])
    for group in groups {
      #expect(group.cases.map(\.flush) == [.off, .on])
      #expect(group.cases.allSatisfy { $0.backing == .guestMemfdNoDirectMap })
      #expect(group.baselines == [group.cases[1]: group.cases[0]])
    }
    let others = plan(everything).groups.filter { $0.spec.name != "flush-cost" }
    #expect(others.flatMap(\.cases).allSatisfy { $0.flush == nil })
  }

  @Test func theShootdownIsMeasuredBesideZeroOneTwoFourAndAllOthers() throws {
    let group = try #require(plan(everything).groups.first { $0.spec.name == "user-shootdown" })
    #expect(group.cases.map(\.threads) == [1, 2, 3, 5, 6])
    #expect(Set(group.baselines.values.map(\.threads)) == [1])
  }
}

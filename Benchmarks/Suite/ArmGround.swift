// SPDX-License-Identifier: Apache-2.0
import Model

/// What the arms of one operation are laid out of: the operation, and what of the axes is asked for and there.
struct ArmGround {
  let spec: OperationSpec
  let selection: Selection
  /// Those of the backings asked for that the operation has a meaning for.
  let backings: [Backing]
  /// Those of the states asked for that it makes sense in.
  let states: [OthersState]
  let cpus: PlannedCPUs
  /// What arms that differ in their memory are compared with: the first that is among them.
  let baselines: [Backing]

  init(
    _ spec: OperationSpec, _ selection: Selection, others: [OthersState], cpus: PlannedCPUs,
    baselines: [Backing]
  ) {
    self.spec = spec
    self.selection = selection
    backings = spec.backings.filter { selection.backings?.contains($0) ?? true }
    states = spec.states(among: others)
    self.cpus = cpus
    self.baselines = baselines
  }

  /// The groups, as the axis lays them out in which the operation's arms differ.
  var groups: [CaseGroup] { spec.armAxis.layout.groups(self) }

  /// The numbers of threads; all of them go into one group, since a speed-up is a ratio of rounds.
  var threads: [Int] { spec.takesThreads ? selection.threads ?? [1] : [1] }

  func measured(
    _ backing: Backing, _ others: OthersState, _ pair: NodePair, threads: Int = 1
  ) -> Case {
    selection.point(of: spec, backing, others, pair, threads: threads)
  }

  /// One group of several sets of arms, each compared within itself.
  func group(_ arms: [[Case]], comparing: ([Case]) -> [Case: Case]) -> CaseGroup {
    CaseGroup(
      spec: spec, cases: arms.flatMap(\.self),
      baselines: arms.reduce(into: [:]) { $0.merge(comparing($1)) { first, _ in first } })
  }

  /// A group whose arms are held against the first.
  func series(_ cases: [Case]) -> CaseGroup { group([cases]) { Self.against($0.first, $0) } }

  /// What an arm is compared with.
  static func against(_ baseline: Case?, _ cases: [Case]) -> [Case: Case] {
    guard let baseline else { return [:] }
    return Dictionary(uniqueKeysWithValues: cases.filter { $0 != baseline }.map { ($0, baseline) })
  }
}

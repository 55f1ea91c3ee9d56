// SPDX-License-Identifier: Apache-2.0
import Machine
import Statistics

/// A group on its way through a run: its arms, what they cost, and what they still need.
struct GroupRun {
  let group: CaseGroup
  var arms: [Arm]
  /// Whether the arms have shown what they are.
  var isProved = false
  /// Rounds that count.
  private(set) var rounds = 0
  /// Set once the rule says that enough was measured.
  private(set) var isDone = false
  private var stopping: StoppingRule
  private var measuredRounds = 0
  private var seconds = 0.0

  init(_ group: CaseGroup, arms: [Arm], precision: Double) {
    self.group = group
    self.arms = arms
    stopping = StoppingRule(precision: precision)
  }

  /// Whether there is anything left that can be measured.
  var isAlive: Bool { arms.contains { !$0.hasFailed } }

  /// Seconds of one round so far, warm-ups included; 0 before the first.
  var secondsPerRound: Double { measuredRounds > 0 ? seconds / Double(measuredRounds) : 0 }

  mutating func finishedRound(isWarmUp: Bool, seconds: Double) {
    measuredRounds += 1
    self.seconds += seconds
    if !isWarmUp { rounds += 1 }
  }

  /// The widest of the arms' intervals, relative to what it is around.
  var relativeHalfWidth: Double { arms.map(\.relativeHalfWidth).max() ?? 0 }

  /// Looks whether enough was measured, as often as the rule looks.
  mutating func look(_ witness: (Case) -> FlushWitness) {
    guard StoppingRule.isLook(afterRounds: rounds) else { return }
    conclude(witness)
    isDone = stopping.shouldStop(relativeHalfWidth: relativeHalfWidth)
  }

  /// Rounds in all that the spread so far asks for; nil where too few tell.
  var roundsNeeded: Int? {
    guard rounds > 0 else { return nil }
    return blocksNeeded(precision: stopping.precision, blocks: rounds, relativeHalfWidth: relativeHalfWidth)
  }

  /// Seconds that it still needs; at most so many more rounds as five times those it has, because a few blocks tell
  /// little of how many it takes.
  var secondsNeeded: Double {
    guard isAlive, !isDone else { return 0 }
    let most = 4 * rounds + StoppingRule.firstLook
    let further = min(max((roundsNeeded ?? most) - rounds, StoppingRule.roundsBetweenLooks), most)
    return Double(further) * secondsPerRound
  }

  /// Brings every arm's figures up to date with its blocks.
  mutating func conclude(_ witness: (Case) -> FlushWitness) {
    for index in arms.indices {
      arms[index].conclude(
        baseline: baseline(of: arms[index]), witness: witness(arms[index].measuredCase))
    }
  }

  /// What an arm is compared with, as long as that has not failed.
  func baseline(of arm: Arm) -> Arm? { group.baselines[arm.measuredCase].flatMap(living) }

  /// The same arm with memory of its CPU's own node.
  private func local(of arm: Arm) -> Arm? {
    var local = arm.measuredCase
    local.memoryNode = local.cpuNode
    return local == arm.measuredCase ? nil : living(local)
  }

  private func living(_ measured: Case) -> Arm? {
    arms.first { $0.measuredCase == measured && !$0.hasFailed }
  }

  /// Whether it is about numbers of threads.
  private var isScaled: Bool { group.spec.takesThreads && group.cases.contains { $0.threads > 1 } }

  /// What an arm of several threads does with one, if that was measured.
  private func alone(of arm: Arm) -> Arm? {
    var measured = arm.measuredCase
    measured.threads = 1
    return measured == arm.measuredCase ? nil : living(measured)
  }

  /// Gives every arm its last word.
  mutating func settle(isCutShort: Bool, witness: (Case) -> FlushWitness, precision: Double) {
    conclude(witness)
    for index in arms.indices {
      arms[index].finish(
        baseline: baseline(of: arms[index]), local: local(of: arms[index]), isScaled: isScaled,
        alone: alone(of: arms[index]))
      let width = arms[index].relativeHalfWidth
      if width <= precision {
        arms[index].settle(isCutShort && !isDone ? .partial : .ok)
      } else if isCutShort {
        arms[index].settle(.partial)
      } else {
        let blocks = arms[index].series.blocks
        arms[index].settle(
          .unstable,
          missing: blocks > 0
            ? blocksNeeded(precision: precision, blocks: blocks, relativeHalfWidth: width) : nil)
      }
    }
  }
}

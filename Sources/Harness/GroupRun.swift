// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics

/// A group on its way through a run: its arms, what they cost, and what they still need.
struct GroupRun {
  let group: CaseGroup
  var arms: [Arm]
  /// Rounds that count.
  private(set) var rounds = 0
  private let precision: Double
  private var measuredRounds = 0
  private var seconds = 0.0
  private var assumedSeconds = 0.0
  /// Decided after the first round.
  private(set) var interrupts = InterruptCounting.undecided

  init(_ group: CaseGroup, arms: [Arm], precision: Double) {
    self.group = group
    self.arms = arms
    self.precision = precision
  }

  /// Whether there is anything left that can be measured.
  var isAlive: Bool { arms.contains { !$0.hasFailed } }

  /// Seconds of one round so far, warm-ups included; what is assumed before the first.
  var secondsPerRound: Double { measuredRounds > 0 ? seconds / Double(measuredRounds) : assumedSeconds }

  mutating func assume(secondsPerRound: Double) { assumedSeconds = secondsPerRound }

  /// - Parameter interruptSeconds: those that reading /proc/interrupts took; nil where that says nothing of a share.
  mutating func finishedRound(isWarmUp: Bool, seconds: Double, interruptSeconds: Double?) {
    if interrupts == .undecided {
      interrupts =
        interruptSeconds.map { InterruptCounting(reading: $0, round: seconds) } ?? .everyBlock
    }
    measuredRounds += 1
    self.seconds += seconds
    if !isWarmUp { rounds += 1 }
  }

  /// The widest of the arms' intervals, relative to what it is around.
  var relativeHalfWidth: Double { arms.map(\.relativeHalfWidth).max() ?? 0 }

  /// Rounds in all that the spread so far asks for; nil where too few tell.
  var roundsNeeded: Int? {
    guard rounds > 0 else { return nil }
    return blocksNeeded(precision: precision, blocks: rounds, relativeHalfWidth: relativeHalfWidth)
  }

  /// Rounds of a visit after which more of the same seconds tell hardly more; fewer where the precision is reached.
  func mostRounds(least: Int) -> Int {
    guard relativeHalfWidth.isFinite else { return Self.firstRounds }
    let share = relativeHalfWidth / max(precision, 1e-9)
    return min(max(Int(min(share * share, 1) * Double(Self.mostRounds)), least), Self.mostRounds)
  }

  private static let mostRounds = 96
  /// As long as too few passes tell how wide an interval is.
  private static let firstRounds = 8

  /// What a visit of it asks for: the rounds that every group gets, and more by how far it is from the precision. At
  /// most four times as much and no less than a quarter, because a few passes tell little of how wide an interval is.
  func visitShare(leastRounds: Int) -> VisitShare {
    guard isAlive else { return VisitShare(least: 0, need: 0) }
    let width = relativeHalfWidth.isFinite ? relativeHalfWidth / max(precision, 1e-9) : 1
    return VisitShare(
      least: Double(leastRounds + 1) * secondsPerRound,
      need: min(max(width * width, 0.25), 4) * secondsPerRound)
  }

  /// Brings every arm's figures up to date with its blocks.
  mutating func conclude(_ witness: (Case) -> FlushWitness, state: [Double?]) {
    for index in arms.indices {
      arms[index].conclude(
        baseline: baseline(of: arms[index]), witness: witness(arms[index].measuredCase), state: state)
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

  /// What an arm of several threads does with one, if that was measured: in a region of its own size.
  private func alone(of arm: Arm) -> Arm? {
    guard arm.measuredCase.threads > 1 else { return nil }
    let common = arm.measuredCase.apartFromThreads
    return arms.first {
      $0.measuredCase.threads == 1 && $0.measuredCase.apartFromThreads == common && !$0.hasFailed
    }
  }

  /// Gives every arm its last word.
  mutating func settle(
    isCutShort: Bool, witness: (Case) -> FlushWitness, precision: Double, state: [Double?]
  ) {
    conclude(witness, state: state)
    for index in arms.indices {
      arms[index].tell(interrupts)
      arms[index].finish(
        baseline: baseline(of: arms[index]), local: local(of: arms[index]), isScaled: isScaled,
        alone: alone(of: arms[index]), state: state)
      let width = arms[index].relativeHalfWidth
      if width <= precision {
        arms[index].settle(isCutShort ? .partial : .ok)
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

/// The time that a group asks of a pass, in seconds.
struct VisitShare: Hashable {
  /// For the rounds that every group gets.
  var least: Double
  /// By which what is left is divided.
  var need: Double

  /// Seconds for the first of the groups that are still to be visited in the time left.
  static func seconds(of shares: [VisitShare], first left: Double) -> Double {
    guard let own = shares.first else { return 0 }
    let least = shares.reduce(0) { $0 + $1.least }
    let need = shares.reduce(0) { $0 + $1.need }
    if least >= left { return least > 0 ? max(left, 0) * own.least / least : left / Double(shares.count) }
    return own.least + (need > 0 ? (left - least) * own.need / need : (left - least) / Double(shares.count))
  }
}

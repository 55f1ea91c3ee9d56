// SPDX-License-Identifier: Apache-2.0

/// Around which blocks of a group /proc/interrupts is read.
///
/// The kernel makes that file anew for each reading: a number for each CPU in each row. On a large machine this takes
/// tens of milliseconds and replaces what is in the caches. So a group reads it around every block only where this
/// takes a small share of its time; elsewhere around warm-up blocks, which are in no figure, as long as that takes a
/// small share of the run's.
enum InterruptCounting: Hashable {
  /// Of the time of blocks, or of a run.
  static let mostShare = 0.05

  /// No round has told yet.
  case undecided
  case everyBlock
  /// - Parameter share: what reading takes of the time of a block.
  case warmUps(share: Double)

  /// - Parameters:
  ///   - reading: seconds that reading the file took in one round.
  ///   - round: seconds of the round.
  init(reading: Double, round: Double) {
    let share = round > 0 ? reading / round : 0
    self = share <= Self.mostShare ? .everyBlock : .warmUps(share: share)
  }

  /// - Parameters:
  ///   - spent: seconds that reading the file has taken.
  ///   - elapsed: of the run.
  func counts(isWarmUp: Bool, spent: Double, elapsed: Double) -> Bool {
    switch self {
    case .undecided, .everyBlock: true
    case .warmUps: isWarmUp && spent <= Self.mostShare * elapsed
    }
  }

  /// What a row says of it; nil where every block was counted.
  func words(warmUps: Int) -> String? {
    guard case .warmUps(let share) = self else { return nil }
    return "interrupts were counted around \(warmUps) warm-up block\(warmUps == 1 ? "" : "s") alone: reading "
      + "/proc/interrupts takes \(Int((100 * share).rounded())) % of a block's time here"
  }
}

// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics

/// What it takes to give every case its first rounds, and the size of blocks that lets them fit.
public struct FirstRounds: Hashable, Sendable {
  /// Blocks of each case: in every pass one that counts, and a warm-up.
  public static func blocks(passes: Int) -> Int { 2 * passes }

  /// In all, with blocks of `pages`.
  public private(set) var seconds: Double
  public private(set) var pages: Int

  /// Blocks are halved until they fit, but not below `smallest` (nil: not at all).
  public init(seconds: Double, pages: Int, within budget: Double, smallest: Int?) {
    self.seconds = seconds
    self.pages = pages
    guard let smallest else { return }
    while self.seconds > budget, self.pages / 2 >= smallest {
      self.pages /= 2
      self.seconds /= 2
    }
  }

  /// Says it where they do not fit even so.
  public func finding(budget: Double) -> Finding? {
    guard seconds > budget else { return nil }
    return Finding(
      .warning,
      "the first rounds of every case take about \(Int(seconds.rounded(.up))) s with blocks of \(pages) pages, and "
        + "there are \(Int(budget)) s: rows will lack the blocks that an interval takes",
      remedy:
        "--budget \(Int((1.5 * seconds / 10).rounded(.up)) * 10)s, or fewer operations, backings or nodes")
  }
}

extension FirstRounds {
  /// What a block and a page of it are taken to cost where nothing was measured yet: those of the reference run in
  /// Results/amd-epyc-25.17.1-2cpu-1node-24gib-kvm/quick-passes, whose 3,791 blocks of 512 pages took 24 s. Half a millisecond
  /// of a block is rest; of a page, two to three microseconds are for the frames that it finds.
  public static let assumedBlockSeconds = 0.0015
  public static let assumedPageSeconds = 9e-6
  public static let assumption =
    "1.5 ms a block and 9 µs a page, the mean of the quick reference run on a virtual machine of 2 CPUs (Results/)"

  /// Of so many cases, by that assumption.
  public static func assumedSeconds(cases: Int, pages: Int, passes: Int) -> Double {
    Double(cases * blocks(passes: passes)) * (assumedBlockSeconds + Double(pages) * assumedPageSeconds)
  }

  /// Of a plan, by that assumption.
  public init(assumed plan: Plan, pages: Int) {
    self.init(
      seconds: Self.assumedSeconds(
        cases: plan.groups.reduce(0) { $0 + $1.cases.count }, pages: pages, passes: plan.passes),
      pages: pages, within: plan.budget, smallest: plan.smallestPages)
  }
}

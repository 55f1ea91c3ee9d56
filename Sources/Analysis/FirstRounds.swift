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

  /// A halving that saves less of the time is not worth a smaller block.
  private static let leastSaving = 0.1

  /// Blocks are halved until they fit, but not below `smallest` (nil: not at all), and not where that would hardly be
  /// faster.
  ///
  /// - Parameters:
  ///   - fixed: seconds in all that blocks take whatever their size.
  ///   - perPage: seconds in all for each page of a block.
  public init(fixed: Double, perPage: Double, pages: Int, within budget: Double, smallest: Int?) {
    self.seconds = fixed + Double(pages) * perPage
    self.pages = pages
    guard let smallest else { return }
    while seconds > budget, self.pages / 2 >= smallest {
      let halved = fixed + Double(self.pages / 2) * perPage
      guard halved < (1 - Self.leastSaving) * seconds else { return }
      self.pages /= 2
      seconds = halved
    }
  }

  /// The same from what they take at two sizes.
  ///
  /// - Parameters:
  ///   - large: seconds with blocks of `pages`.
  ///   - small: seconds with blocks of `smallest`.
  public init(large: Double, small: Double, pages: Int, within budget: Double, smallest: Int) {
    let perPage = pages > smallest ? max((large - small) / Double(pages - smallest), 0) : 0
    self.init(
      fixed: large - Double(pages) * perPage, perPage: perPage, pages: pages, within: budget,
      smallest: smallest)
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
    Self(assumed: cases, passes: passes, pages: pages, within: .infinity, smallest: nil).seconds
  }

  /// Of a plan, by that assumption.
  public init(assumed plan: Plan, pages: Int) {
    self.init(
      assumed: plan.groups.reduce(0) { $0 + $1.cases.count }, passes: plan.passes, pages: pages,
      within: plan.budget,
      smallest: plan.smallestPages)
  }

  private init(assumed cases: Int, passes: Int, pages: Int, within budget: Double, smallest: Int?) {
    let blocks = Double(cases * Self.blocks(passes: passes))
    self.init(
      fixed: blocks * Self.assumedBlockSeconds, perPage: blocks * Self.assumedPageSeconds, pages: pages,
      within: budget, smallest: smallest)
  }
}

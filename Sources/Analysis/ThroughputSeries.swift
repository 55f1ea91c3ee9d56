// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics

/// The blocks of one case as far as threads are concerned.
public struct ThroughputSeries {
  public init() {}

  /// Pages a second, by round.
  private var rates = BlockSeries()
  private var fairness: [Double] = []

  /// Takes a block in whose samples are nanoseconds a page.
  public mutating func add(_ block: Block) {
    let pages = Double(block.measuredCase.pages)
    let mean = block.samples.reduce(0, +) / Double(block.samples.count)
    let elapsed = block.concurrency?.elapsed ?? mean * pages
    guard elapsed > 0 else { return }
    rates.add(median: pages / elapsed * 1e9, at: block.place)
    if let concurrency = block.concurrency { fairness.append(concurrency.fairness) }
  }

  /// Nil without a block.
  ///
  /// - Parameter alone: the same with one thread, of the same rounds; nil for that itself.
  public func scaling(against alone: ThroughputSeries?) -> Scaling? {
    guard let throughput = rates.center else { return nil }
    return Scaling(
      throughput: throughput, speedUp: alone.flatMap { rates.effect(against: $0.rates)?.ratio },
      fairness: median(fairness))
  }
}

// SPDX-License-Identifier: Apache-2.0
import Statistics

/// What several threads that touched one region at once came to, beside the samples.
public struct Concurrency: Hashable, Codable, Sendable {
  /// From the first thread's start until the last one is done, in the case's unit: a thread's time is the sum of its
  /// pages, as a thread alone has it.
  public var elapsed: Double
  /// The fastest thread's mean page over the slowest's: 1 where all were served alike, 0 where one was not served.
  public var fairness: Double

  /// - Parameter parts: how long after the first each thread started, its pages and its mean page; nil without any, or
  ///   where a mean is no time.
  public init?(parts: [(late: Double, pages: Int, mean: Double)]) {
    let means = parts.map(\.mean)
    guard let fastest = means.min(), let slowest = means.max(), fastest > 0,
      let elapsed = parts.map({ $0.late + Double($0.pages) * $0.mean }).max()
    else { return nil }
    self.elapsed = elapsed
    fairness = fastest / slowest
  }
}

/// How one number of threads compares with one thread.
public struct Scaling: Sendable {
  /// Pages a second of all threads together: the median of the blocks.
  public var throughput: Double
  /// `throughput` over that of one thread, from the rounds that hold both; nil for one thread, and where one thread
  /// was not measured beside it.
  public var speedUp: LocationEstimate?
  /// ``Concurrency/fairness``, the median of the blocks; nil for one thread.
  public var fairness: Double?

  public init(throughput: Double, speedUp: LocationEstimate?, fairness: Double?) {
    self.throughput = throughput
    self.speedUp = speedUp
    self.fairness = fairness
  }
}

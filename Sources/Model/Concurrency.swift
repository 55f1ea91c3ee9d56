// SPDX-License-Identifier: Apache-2.0
import Statistics

/// What several threads that touched one region at once came to, beside the samples.
public struct Concurrency: Hashable, Codable, Sendable {
  /// What one thread did, in the case's unit.
  public struct Part {
    /// After the first thread's.
    public var begin: Double
    public var end: Double
    public var pages: Int
    /// Of its pages.
    public var mean: Double

    public init(begin: Double, end: Double, pages: Int, mean: Double) {
      self.begin = begin
      self.end = end
      self.pages = pages
      self.mean = mean
    }
  }

  /// From the first thread's start until the last one is done, in the case's unit: a thread's time is the sum of its
  /// pages, as a thread alone has it.
  public var elapsed: Double
  /// The fastest thread's mean page over the slowest's: 1 where all were served alike, 0 where one was not served.
  public var fairness: Double
  /// The share of the time from the first start to the last end in which all threads ran.
  public var overlap: Double

  /// Below it a block tells little of threads that fault at the same time.
  public static let leastOverlap = 0.5

  /// Nil without any, or where a mean is no time.
  public init?(_ parts: [Part]) {
    let means = parts.map(\.mean)
    guard let fastest = means.min(), let slowest = means.max(), fastest > 0,
      let elapsed = parts.map({ $0.begin + Double($0.pages) * $0.mean }).max(),
      let lastBegin = parts.map(\.begin).max(), let firstEnd = parts.map(\.end).min(),
      let lastEnd = parts.map(\.end).max(), lastEnd > 0
    else { return nil }
    self.elapsed = elapsed
    fairness = fastest / slowest
    overlap = max(firstEnd - lastBegin, 0) / lastEnd
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

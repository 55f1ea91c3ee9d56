// SPDX-License-Identifier: Apache-2.0

extension Distribution {
  /// Values that lie close together: how many, and the least and the greatest of them.
  public struct Bin: Hashable, Sendable {
    public var low: Double
    public var high: Double
    public var count: Int

    public init(low: Double, high: Double, count: Int) {
      self.low = low
      self.high = high
      self.count = count
    }
  }

  /// A histogram whose bins are 1/32 of a power of two wide (2.2 to 3.1 % of the value), in ascending order; a bin
  /// without a value is absent. The counts add up to ``count``, and no two bins overlap. Values of different sign are
  /// in different bins.
  ///
  /// - Complexity: O(k log k) in the values or buckets kept.
  public var bins: [Bin] {
    var bins: [UInt32: Bin] = [:]
    func add(_ low: Double, _ high: Double, _ count: Int) {
      // A bucket is 1/1024 of a power of two: 32 of them are a bin.
      let key = Bucket.key(of: low) >> 5
      guard let bin = bins[key] else {
        bins[key] = Bin(low: low, high: high, count: count)
        return
      }
      bins[key] = Bin(low: min(bin.low, low), high: max(bin.high, high), count: bin.count + count)
    }
    for value in exactValues { add(value, value, 1) }
    for bucket in buckets.values { add(bucket.low, bucket.high, bucket.count) }
    return bins.values.sorted { $0.low < $1.low }
  }
}

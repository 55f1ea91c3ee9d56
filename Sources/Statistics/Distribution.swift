// SPDX-License-Identifier: Apache-2.0

/// All samples of one case pooled, in bounded memory.
///
/// Up to ``exactLimit`` values are kept as they are. From then on they are counted in log-linear buckets, as
/// HdrHistogram does, but keyed by the top bits of the Double itself (sign, exponent, 10 bits of mantissa):
/// negative, fractional, tiny and enormous values need no special care, and nothing is clamped. A bucket keeps its
/// count and the least and greatest value it saw; their midpoint stands for all of them, which is off by at most
/// 2^-11 (0.05 %) of the value and not at all where a bucket saw one value only, as with counted instructions.
/// (Below 2^-1022, where Doubles lose their precision, off by at most 2^-1033 instead.)
///
/// ``count``, ``minimum`` and ``maximum`` are exact at any size; ``mean`` and ``standardDeviation`` come from
/// the values, not from the buckets. All figures are in the unit of the values given, and nil where there is no
/// value. The order of recording changes figures by rounding at most.
///
/// Memory: 32 KiB, then 40 to 80 bytes for each bucket in use: latencies scattered over one decade fill 3,400 of
/// them at most, all Doubles 4 million.
public struct Distribution: Sendable {
  /// Up to so many values are kept exactly.
  public static let exactLimit = 4096

  /// How many values were recorded.
  public private(set) var count = 0
  /// How many values were refused because they were NaN or infinite: no figure includes them, and they are not
  /// forgotten either.
  public private(set) var rejected = 0

  private(set) var exactValues: [Double] = []
  private(set) var buckets: [UInt32: Bucket] = [:]
  private var least = Double.infinity
  private var greatest = -Double.infinity
  private var runningMean = 0.0
  /// The sum of squared distances to the mean.
  private var squares = 0.0

  /// A distribution of no values.
  public init() {}

  /// A distribution of these values. O(n).
  public init(_ values: some Sequence<Double>) {
    record(contentsOf: values)
  }

  /// Whether every figure comes from the very values. Once there are more than ``exactLimit``, order statistics
  /// come from the buckets.
  public var isExact: Bool { buckets.isEmpty }

  /// The values themselves, where there are no more than `limit` of them; nil beyond, and where there is none.
  public func fewValues(atMost limit: Int) -> [Double]? {
    isExact && count > 0 && count <= limit ? exactValues : nil
  }

  /// The smallest value, exactly; nil where there is none.
  public var minimum: Double? { count > 0 ? least : nil }

  /// The greatest value, exactly; nil where there is none.
  public var maximum: Double? { count > 0 ? greatest : nil }

  /// The arithmetic mean (Welford 1962); nil where there is no value, or where the arithmetic overflows, which
  /// takes values beyond 10^307.
  public var mean: Double? { count > 0 && runningMean.isFinite ? runningMean : nil }

  /// The standard deviation of the sample, its squares divided by n - 1 (Welford 1962); nil where there are fewer
  /// than two values, or where their squares overflow, which takes values beyond 10^153.
  public var standardDeviation: Double? {
    guard count > 1, squares.isFinite else { return nil }
    return (squares / Double(count - 1)).squareRoot()
  }

  /// Adds one value; NaN and infinities are counted in ``rejected`` instead. O(1).
  public mutating func record(_ value: Double) {
    guard value.isFinite else {
      rejected += 1
      return
    }
    count += 1
    least = min(least, value)
    greatest = max(greatest, value)
    let distance = value - runningMean
    runningMean += distance / Double(count)
    squares += distance * (value - runningMean)
    if isExact {
      guard exactValues.count == Self.exactLimit else {
        exactValues.append(value)
        return
      }
      spill()
    }
    buckets[Bucket.key(of: value), default: Bucket()].add(value)
  }

  /// Adds several values, as ``record(_:)`` does. O(n).
  public mutating func record(contentsOf values: some Sequence<Double>) {
    // Arrays come from other modules, where this generic code is not specialised: their storage is.
    let recorded: Void? = values.withContiguousStorageIfAvailable { storage in
      for value in storage { record(value) }
    }
    guard recorded == nil else { return }
    for value in values { record(value) }
  }

  private mutating func spill() {
    for value in exactValues { buckets[Bucket.key(of: value), default: Bucket()].add(value) }
    exactValues = []
  }
}

extension Distribution {
  /// The values that share their sign, exponent and top 10 bits of mantissa.
  struct Bucket: Sendable {
    private(set) var count = 0
    private(set) var low = Double.infinity
    private(set) var high = -Double.infinity

    static func key(of value: Double) -> UInt32 { UInt32(truncatingIfNeeded: value.bitPattern >> 42) }

    /// What stands for each of its values: at most half a bucket away from any.
    var representative: Double { low + (high - low) / 2 }

    mutating func add(_ value: Double) {
      count += 1
      low = min(low, value)
      high = max(high, value)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

extension Distribution {
  /// The value that the share `p` of all values does not exceed: the smallest one of rank p·n or more (nearest
  /// rank; definition 1 of Hyndman & Fan 1996). It is always a value that occurred while ``isExact``, and within
  /// 2^-11 of the one of that very rank afterwards. `p` 0 is the minimum and 1 the maximum, exactly.
  ///
  /// In the unit of the values given; nil where there is no value; one value is every quantile.
  ///
  /// - Precondition: `0 <= p && p <= 1`.
  /// - Complexity: O(k log k) in the values or buckets kept; ask for several at once with ``quantiles(_:)``.
  public func quantile(_ p: Double) -> Double? {
    quantiles([p])?.first
  }

  /// Several quantiles for the price of one, in the order asked for; nil where there is no value.
  ///
  /// - Precondition: `0 <= p && p <= 1` for each.
  /// - Complexity: O(k log k) in the values or buckets kept.
  public func quantiles(_ ps: [Double]) -> [Double]? {
    guard count > 0 else { return nil }
    let table = rankedValues()
    return ps.map { value(ofRank: rank(of: $0), in: table) }
  }

  /// The middle value; the mean of the two middle values where their number is even and ``isExact``, the lower of
  /// them within 2^-11 otherwise. In the unit of the values given; nil where there is no value.
  ///
  /// - Complexity: O(k log k) in the values or buckets kept.
  public var median: Double? {
    guard isExact else { return quantile(0.5) }
    return Statistics.median(exactValues)
  }

  /// The median of the values' distances to their median, not scaled to resemble a standard deviation.
  ///
  /// In the unit of the values given; 0 for one value; nil where there is none, or where a distance overflows.
  /// Not exact, it is the lower of two middle distances to the lower of two middle values, and off from that by at
  /// most 2^-10 of that value and that distance together.
  ///
  /// - Complexity: O(k log k) in the values or buckets kept.
  public var medianAbsoluteDeviation: Double? {
    guard let center = median else { return nil }
    let deviation: Double?
    if isExact {
      deviation = Statistics.median(exactValues.map { abs($0 - center) })
    } else {
      let distances = buckets.values.map { (value: abs($0.representative - center), count: $0.count) }
      deviation = Self.entry(ofRank: (count + 1) / 2, in: Self.ranked(distances)).value
    }
    guard let deviation, deviation.isFinite else { return nil }
    return deviation
  }

  /// How many values lie outside Tukey's fences: mild ones more than 1.5 interquartile ranges below the first or
  /// above the third quartile, severe ones more than 3. Mild excludes severe; neither is removed from any figure.
  ///
  /// Where half of the values are equal the range may be 0, and every value outside the quartiles is then severe.
  /// Not exact, a bucket is in or out as a whole, by its midpoint. None where there is no value.
  ///
  /// - Complexity: O(k log k) in the values or buckets kept.
  public var outliers: (mild: Int, severe: Int) {
    guard count > 0 else { return (0, 0) }
    let table = rankedValues()
    let first = value(ofRank: rank(of: 0.25), in: table)
    let third = value(ofRank: rank(of: 0.75), in: table)
    let range = third - first
    var result = (mild: 0, severe: 0)
    var previousRank = 0
    for entry in table {
      let occurrences = entry.rank - previousRank
      previousRank = entry.rank
      let distance = max(first - entry.value, entry.value - third)
      if distance > 3 * range {
        result.severe += occurrences
      } else if distance > 1.5 * range {
        result.mild += occurrences
      }
    }
    return result
  }
}

extension Distribution {
  /// A value and the rank (from 1) of the last value that it stands for.
  private typealias Entry = (value: Double, rank: Int)

  private func rankedValues() -> [Entry] {
    if isExact { return Self.ranked(exactValues.map { (value: $0, count: 1) }) }
    return Self.ranked(buckets.values.map { (value: $0.representative, count: $0.count) })
  }

  private static func ranked(_ occurrences: [(value: Double, count: Int)]) -> [Entry] {
    var rank = 0
    return occurrences.sorted { $0.value < $1.value }.map { occurrence in
      rank += occurrence.count
      return (occurrence.value, rank)
    }
  }

  /// The nearest rank of `p`, from 1 to n.
  private func rank(of p: Double) -> Int {
    precondition(p >= 0 && p <= 1, "a quantile lies between 0 and 1")
    let position = p * Double(count)
    // 0.07 · 100 is a little more than 7 in binary; what is whole but for rounding is whole.
    let whole = position.rounded()
    let isWhole = abs(position - whole) <= 2 * position.ulp
    return max(1, min(count, Int(isWhole ? whole : position.rounded(.up))))
  }

  private func value(ofRank rank: Int, in table: [Entry]) -> Double {
    // Both ends are known exactly, whatever the bucket they fell into says.
    if rank == 1, let minimum { return minimum }
    if rank == count, let maximum { return maximum }
    return Self.entry(ofRank: rank, in: table).value
  }

  /// The first entry that reaches this rank. O(log k).
  private static func entry(ofRank rank: Int, in table: [Entry]) -> Entry {
    var low = 0
    var high = table.count - 1
    while low < high {
      let middle = (low + high) / 2
      if table[middle].rank >= rank { high = middle } else { low = middle + 1 }
    }
    return table[low]
  }
}

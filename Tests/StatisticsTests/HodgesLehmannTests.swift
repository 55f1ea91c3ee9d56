// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Statistics

struct HodgesLehmannTests {
  @Test func knownCentre() {
    #expect(hodgesLehmannCenter([0, 2, 4, 6, 8]) == LocationEstimate(value: 4, interval: .unbounded))
  }

  @Test(arguments: Vectors.centers)
  func centresInvertScipysWilcoxon(vector: LocationVector) throws {
    let estimate = try #require(hodgesLehmannCenter(vector.values))
    expect(estimate, vector.expected)
  }

  @Test(arguments: Vectors.shifts)
  func shiftsInvertScipysMannWhitney(vector: LocationVector) throws {
    let estimate = try #require(hodgesLehmannShift(from: vector.baseline, to: vector.values))
    expect(estimate, vector.expected)
  }

  private func expect(_ estimate: LocationEstimate, _ expected: [Double]) {
    #expect(isClose(estimate.value, expected[0]))
    #expect(isClose(estimate.interval.low, expected[1]))
    #expect(isClose(estimate.interval.high, expected[2]))
  }

  @Test func withoutAnswer() {
    #expect(hodgesLehmannCenter([]) == nil)
    #expect(hodgesLehmannCenter([1, .nan]) == nil)
    #expect(hodgesLehmannCenter([1, .infinity]) == nil)
    #expect(hodgesLehmannShift(from: [], to: [1]) == nil)
    #expect(hodgesLehmannShift(from: [1], to: []) == nil)
    #expect(hodgesLehmannShift(from: [.nan], to: [1]) == nil)
    let greatest = Double.greatestFiniteMagnitude
    #expect(hodgesLehmannShift(from: [-greatest], to: [greatest]) == nil)
  }

  @Test func oneValueIsItsOwnCentre() {
    #expect(hodgesLehmannCenter([7]) == LocationEstimate(value: 7, interval: .unbounded))
    #expect(hodgesLehmannShift(from: [7], to: [9]) == LocationEstimate(value: 2, interval: .unbounded))
  }

  @Test func equalValuesGiveNoWidth() {
    let exact = LocationEstimate(value: 3, interval: Interval(low: 3, high: 3))
    #expect(hodgesLehmannCenter([Double](repeating: 3, count: 6)) == exact)
    #expect(hodgesLehmannCenter([Double](repeating: 3, count: 5))?.interval == .unbounded)
    let fives = [Double](repeating: 5, count: 4)
    #expect(hodgesLehmannShift(from: [2, 2, 2, 2], to: fives) == exact)
  }

  @Test func enormousValuesDoNotOverflow() {
    let greatest = Double.greatestFiniteMagnitude
    let estimate = hodgesLehmannCenter([Double](repeating: greatest, count: 6))
    #expect(estimate?.interval == Interval(low: greatest, high: greatest))
  }

  /// Every rank, ties and both signs included, against averages and differences written down and sorted.
  @Test(arguments: [1, 2, 7, 40])
  func pairsAreFoundByRank(count: Int) {
    var generator = SeededGenerator(seed: UInt64(count))
    let values = (0..<count).map { _ in (generator.normal() * 8).rounded() / 4 }
    let others = (0...count).map { _ in (generator.normal() * 8).rounded() / 4 }
    let averages = values.indices.flatMap { first in
      values[first...].map { (values[first] + $0) / 2 }
    }
    let walsh = WalshAverages(values)
    #expect((1...walsh.count).map(walsh.value(ofRank:)) == averages.sorted())
    let differences = PairwiseDifferences(from: values, to: others)
    let expected = others.flatMap { other in values.map { other - $0 } }.sorted()
    #expect((1...differences.count).map(differences.value(ofRank:)) == expected)
  }

  /// A sample whose five million averages are not made.
  @Test func manyValues() throws {
    var generator = SeededGenerator(seed: 3)
    let estimate = try #require(
      hodgesLehmannCenter((0..<3000).map { _ in 50 + generator.normal() }))
    #expect(abs(estimate.value - 50) < 0.1)
    let halfWidth = (estimate.interval.high - estimate.interval.low) / 2
    // 1.96 / √n, and 2 % more because it is not the mean.
    #expect(abs(halfWidth - 0.0366) < 0.003)
  }
}

// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Statistics

struct ChangePointTests {
  private func steps(_ levels: [(level: Double, nights: Int)]) -> [Double] {
    levels.flatMap { [Double](repeating: $0.level, count: $0.nights) }
  }

  private func noisy(_ levels: [(level: Double, nights: Int)], spread: Double, seed: Int) -> [Double] {
    var generator = SeededGenerator(seed: UInt64(seed))
    return steps(levels).map { generator.block(median: $0, spread: spread, spikes: 0.05) }
  }

  /// As logarithms, the first are zeros and ones.
  @Test(arguments: [(1, M_E), (1, 2), (2, 1), (1209, 1577)])
  func oneStep(before: Double, after: Double) throws {
    let points = try #require(changePoints(in: steps([(before, 1000), (after, 1000)])))
    let point = try #require(points.first)
    #expect(points.count == 1 && point.index == 1000 && point.region == 1000...1000)
    #expect(isClose(point.ratio.value, after / before) && point.ratio.interval.contains(point.ratio.value))
    #expect(point.before == 800..<1000 && point.after == 1000..<1200)
    #expect(point.pValue < 1e-100)
  }

  @Test(arguments: ChangePointVector.all) func dividesAsOtavaDoes(vector: ChangePointVector) throws {
    let distances = EnergyDistances(vector.values)
    let best = try #require(distances.bestSplit(of: vector.values.indices, minimumPoints: 1))
    #expect(best.index == vector.best)
    #expect(isClose(best.statistic, vector.statistic, tolerance: 1e-9))
    let p = tTest(vector.values[...], 0..<best.index, best.index..<vector.values.count)
    #expect(isClose(p, vector.pValue, tolerance: 1e-9))
    #expect(changePoints(in: vector.values)?.map(\.index) == vector.changes)
  }

  @Test(arguments: 0..<40) func dividesAsDefined(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let values = (0..<(4 + seed % 13)).map { _ in (generator.normal() * (seed < 20 ? 1e3 : 2)).rounded() }
    let distances = EnergyDistances(values)
    for (stretch, least) in [(0..<values.count, 1), (1..<values.count, 2), (0..<(values.count - 1), 3)] {
      let expected = slowestSplit(values, stretch, least)
      let found = distances.bestSplit(of: stretch, minimumPoints: least)
      #expect((found == nil) == (expected == nil))
      guard let found, let expected else { continue }
      #expect(abs(found.statistic - expected) <= 1e-9 * max(1, abs(expected)))
      // Where several are equally good, rounding decides which.
      #expect(
        (found.index..<stretch.upperBound).contains { end in
          end + 1 - found.index >= least
            && abs(energy(values[stretch.lowerBound..<found.index], values[found.index...end]) - expected)
              <= 1e-9 * max(1, abs(expected))
        })
    }
  }

  /// The greatest statistic, each from all its pairs.
  private func slowestSplit(_ values: [Double], _ stretch: Range<Int>, _ least: Int) -> Double? {
    var greatest: Double?
    for end in stretch.lowerBound...stretch.upperBound {
      for index in stretch where index - stretch.lowerBound >= least && end - index >= least {
        let statistic = energy(values[stretch.lowerBound..<index], values[index..<end])
        greatest = max(greatest ?? statistic, statistic)
      }
    }
    return greatest
  }

  /// m n / (m + n) times the energy distance of two samples, after Matteson & James.
  private func energy(_ x: ArraySlice<Double>, _ y: ArraySlice<Double>) -> Double {
    func mean(_ distances: [Double]) -> Double {
      distances.isEmpty ? 0 : distances.reduce(0, +) / Double(distances.count)
    }
    func within(_ part: ArraySlice<Double>) -> Double {
      mean(part.indices.flatMap { i in part.indices.filter { $0 > i }.map { abs(part[i] - part[$0]) } })
    }
    let between = mean(x.flatMap { first in y.map { abs(first - $0) } })
    let (m, n) = (Double(x.count), Double(y.count))
    return m * n / (m + n) * (2 * between - within(x) - within(y))
  }

  @Test func nothingChanges() {
    #expect(changePoints(in: []) == [])
    #expect(changePoints(in: [5]) == [])
    #expect(changePoints(in: [1, 2]) == [])
    #expect(changePoints(in: [Double](repeating: 0.1, count: 500)) == [])
    #expect(changePoints(in: steps([(0.1, 50)]), rule: ChangePointRule(minimumMagnitude: 0)) == [])
    #expect(changePoints(in: steps([(1, 6), (2, 100)])) == [])
    #expect(changePoints(in: steps([(1, 100), (2, 6)])) == [])
    #expect(changePoints(in: (0..<40).map { Double(1 + $0 % 2) }) == [])
  }

  @Test(arguments: [0, -1, Double.nan, .infinity]) func valuesWithoutLogarithm(value: Double) {
    #expect(changePoints(in: [Double](repeating: 1, count: 30) + [value]) == nil)
  }

  @Test func theLeastThatCounts() {
    let values = steps([(1000, 40), (1005, 40)])
    #expect(changePoints(in: values) == [])
    #expect(changePoints(in: values, rule: ChangePointRule(minimumMagnitude: 0.004))?.map(\.index) == [40])
    #expect(changePoints(in: steps([(1, 7), (2, 7)]))?.map(\.index) == [7])
  }

  /// A disturbance of fewer nights than the minimum is none, at the end too; one of as many is.
  @Test(arguments: 1...7, [0, 40]) func disturbances(nights: Int, nightsAfter: Int) throws {
    var generator = SeededGenerator(seed: UInt64(nights))
    let values = steps([(100, 100), (150, nights), (100, nightsAfter)]).map {
      generator.lognormal(median: $0, spread: 0.01)
    }
    let points = try #require(changePoints(in: values)).map(\.index)
    #expect(points == (nights < 7 ? [] : nightsAfter > 0 ? [100, 107] : [100]))
  }

  @Test func spikesDoNotHideAStep() throws {
    var values = noisy([(100, 60), (110, 30)], spread: 0.01, seed: 3)
    for night in [10, 33, 70, 81] { values[night] *= 4 }
    let points = try #require(changePoints(in: values))
    #expect(points.map(\.index) == [60])
    #expect(points.first?.ratio.interval.contains(1.1) == true)
  }

  @Test func aWindowNeedNotBeFilled() throws {
    let values = noisy([(100, 60), (110, 50), (100, 45)], spread: 0.02, seed: 5)
    let points = try #require(changePoints(in: values, rule: ChangePointRule(window: values.count)))
    #expect(points.map(\.index) == [60, 110])
    #expect(points == changePoints(in: values, rule: ChangePointRule(window: 100_000)))
    #expect(points == changePoints(in: values, rule: ChangePointRule(window: values.count)))
    let scaled = try #require(changePoints(in: values.map { $0 * 1024 }, rule: ChangePointRule(window: 40)))
    #expect(scaled.map(\.index) == changePoints(in: values, rule: ChangePointRule(window: 40))?.map(\.index))
    #expect(scaled.map(\.index) == [60, 110])
  }

  @Test func enormousRatios() throws {
    let points = try #require(changePoints(in: steps([(1e-300, 20), (1e300, 20)])))
    #expect(points.map(\.index) == [20] && points.first?.ratio.value == .infinity)
  }

  @Test func aChangeIsTheSameOnTheNextNight() throws {
    let values = noisy([(100, 80), (105, 60), (100, 60)], spread: 0.02, seed: 11)
    var earlier: [ChangePoint] = []
    for count in 1...values.count {
      for point in try #require(changePoints(in: Array(values[..<count])))
      where !earlier.contains(where: point.isSame) {
        earlier.append(point)
      }
    }
    #expect(earlier.map { $0.ratio.value > 1 } == [true, false])
    #expect(!earlier[0].isSame(as: earlier[1]) && earlier[1].isSame(as: earlier[1]))
  }

  /// A year, looked at once; Results/history/README.md has what nightly looks find.
  @Test func falseAlarmsPowerAndPlace() throws {
    let histories = 200
    var (alarms, found, covered) = (0, 0, 0)
    for history in 0..<histories {
      alarms += try #require(changePoints(in: noisy([(100, 365)], spread: 0.036, seed: history))).count
      let changed = noisy([(100, 250), (105, 115)], spread: 0.036, seed: 1000 + history)
      guard let point = try #require(changePoints(in: changed)).first(where: { $0.region.contains(250) })
      else {
        continue
      }
      found += 1
      covered += point.ratio.interval.contains(1.05) ? 1 : 0
    }
    #expect(alarms <= binomialBound(trials: histories, probability: 0.02))
    #expect(found >= 180)
    #expect(Double(covered) >= 0.9 * Double(found))
    report("change points of a flat year", 365, alarms, of: histories)
    report("5 % found, with its place", 365, found, of: histories)
    report("the ratio's interval covers", 365, covered, of: found)
  }
}

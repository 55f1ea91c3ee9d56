// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

@Suite struct LevelChangeTests {
  private func estimates(_ values: [Double], width: Double = 0) -> [LocationEstimate] {
    values.map { LocationEstimate(value: $0, interval: Interval(low: $0 - width, high: $0 + width)) }
  }

  @Test func aNightIsEnough() throws {
    let found = try #require(levelChanges(in: estimates([100, 102]), minimumMagnitude: 0.01))
    #expect(found.map(\.index) == [1] && found[0].before == 0..<1 && found[0].after == 1..<2)
    #expect(abs(found[0].ratio.value - 1.02) < 1e-12 && found[0].ratio.interval.isFinite)
  }

  @Test func lessThanTheMagnitudeOrWithinAnIntervalIsNone() {
    #expect(levelChanges(in: estimates([100, 100.9]), minimumMagnitude: 0.01) == [])
    #expect(levelChanges(in: estimates([100, 105], width: 3), minimumMagnitude: 0.01) == [])
    #expect(levelChanges(in: estimates([100]), minimumMagnitude: 0.01) == [])
  }

  @Test func aDriftIsFoundOnceItHasComeFarEnough() throws {
    let found = try #require(
      levelChanges(in: estimates((0..<10).map { 100 + 0.4 * Double($0) }), minimumMagnitude: 0.01))
    #expect(!found.isEmpty && found.allSatisfy { $0.ratio.value > 1 })
  }

  @Test func upAndBackAreTwo() throws {
    let found = try #require(
      levelChanges(in: estimates([100, 100, 110, 110, 100]), minimumMagnitude: 0.01))
    #expect(found.map(\.index) == [2, 4] && found.map { $0.ratio.value > 1 } == [true, false])
  }

  @Test func whatHasNoLogarithmIsRefused() {
    #expect(levelChanges(in: estimates([1, 0]), minimumMagnitude: 0.01) == nil)
    #expect(levelChanges(in: estimates([1, .nan]), minimumMagnitude: 0.01) == nil)
  }
}

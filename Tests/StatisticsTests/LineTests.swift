// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

@Test func aLineGoesThroughPointsThatLieOnOne() throws {
  let line = try #require(Line(through: [(0, 10), (1, 12), (3, 16)]))
  #expect(line.slope == 2 && line.intercept == 10)
}

/// By hand: means 1 and 3, Σ(x - 1)(y - 3) = 3, Σ(x - 1)² = 2.
@Test func aLineLiesBetweenPointsThatDoNot() throws {
  let line = try #require(Line(through: [(0, 2), (1, 2), (2, 5)]))
  #expect(line.slope == 1.5 && line.intercept == 1.5)
}

@Test func oneAbscissaMakesNoLine() {
  #expect(Line(through: []) == nil)
  #expect(Line(through: [(2, 1)]) == nil)
  #expect(Line(through: [(2, 1), (2, 5)]) == nil)
}

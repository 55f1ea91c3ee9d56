// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

/// Known answers from scipy.stats.false_discovery_control(p, method='bh').
struct FalseDiscoveryTests {
  static let pValues = [0.0001, 0.04, 0.03, 0.03, 0.5, 1, 0, 0.01, 0.2, 0.049]
  static let expected = [
    0.0005, 0.06666666666666667, 0.06, 0.06, 0.5555555555555556, 1, 0, 0.03333333333333333, 0.25, 0.07,
  ]

  @Test func knownAnswers() {
    let adjusted = falseDiscoveryAdjusted(Self.pValues)
    #expect(adjusted.count == Self.expected.count)
    for (value, expected) in zip(adjusted, Self.expected) { #expect(isClose(value, expected)) }
  }

  @Test func fewTests() {
    #expect(falseDiscoveryAdjusted([]).isEmpty)
    #expect(falseDiscoveryAdjusted([0.03]) == [0.03])
    #expect(falseDiscoveryAdjusted([0.9, 0.9]) == [0.9, 0.9])
  }
}

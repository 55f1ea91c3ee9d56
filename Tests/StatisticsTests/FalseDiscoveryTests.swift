// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

/// Known answers from scipy.stats.false_discovery_control(p, method='bh') and method='by'.
struct FalseDiscoveryTests {
  static let pValues = [0.0001, 0.04, 0.03, 0.03, 0.5, 1, 0, 0.01, 0.2, 0.049]
  static let independent = [
    0.0005, 0.06666666666666667, 0.06, 0.06, 0.5555555555555556, 1, 0, 0.03333333333333333, 0.25, 0.07,
  ]
  static let dependent = [
    0.0014644841269841268, 0.19526455026455025, 0.17573809523809522, 0.17573809523809522, 1, 1, 0,
    0.09763227513227513, 0.7322420634920634, 0.20502777777777778,
  ]

  @Test(arguments: [(false, independent), (true, dependent)])
  func knownAnswers(isDependent: Bool, expected: [Double]) {
    let adjusted = falseDiscoveryAdjusted(Self.pValues, dependent: isDependent)
    #expect(adjusted.count == expected.count)
    for (value, expected) in zip(adjusted, expected) { #expect(isClose(value, expected)) }
  }

  @Test func fewTests() {
    #expect(falseDiscoveryAdjusted([], dependent: true).isEmpty)
    #expect(falseDiscoveryAdjusted([0.03], dependent: false) == [0.03])
    #expect(falseDiscoveryAdjusted([0.03], dependent: true) == [0.03])
    #expect(falseDiscoveryAdjusted([0.9, 0.9], dependent: true) == [1, 1])
  }
}

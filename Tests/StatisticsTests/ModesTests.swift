// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Statistics

struct ModesTests {
  @Test func membershipIsInTheOrderGiven() throws {
    let values: [Double] = [10, 20, 11, 21, 9, 19, 10, 20]
    let found = try #require(modes(of: values))
    #expect(found.lowerCenter == 10 && found.upperCenter == 20)
    #expect(found.isUpper == [false, true, false, true, false, true, false, true])
    #expect(found.upperCount == 4)
  }

  /// Counted instructions: distances within a mode are 0.
  @Test func exactModes() throws {
    let values = [Double](repeating: 1234, count: 17) + [Double](repeating: 1300, count: 5)
    let found = try #require(modes(of: values))
    #expect(found.lowerCenter == 1234 && found.upperCenter == 1300 && found.upperCount == 5)
  }

  @Test func aFewOutliersAreNoMode() {
    let values = (0..<20).map { 100 + Double($0 % 5) }
    #expect(modes(of: values + [500, 510, 520]) == nil)
    #expect(modes(of: values + [1e9]) == nil)
  }

  @Test func withoutModes() {
    #expect(modes(of: []) == nil)
    #expect(modes(of: [1, 1, 1, 1, 9, 9, 9]) == nil)
    #expect(modes(of: [Double](repeating: 3, count: 30)) == nil)
    #expect(modes(of: [1, 1, 1, 1, 9, 9, 9, .nan]) == nil)
    #expect(modes(of: [1, 1, 1, 1, 9, 9, 9, .infinity]) == nil)
    #expect(modes(of: (0..<300).map(Double.init)) == nil)
  }

  @Test func enormousValuesOfBothSigns() throws {
    let values = (0..<10).map { $0.isMultiple(of: 2) ? -1e200 : 1e200 }
    #expect(modes(of: values)?.upperCount == 5)
    let greatest = Double.greatestFiniteMagnitude
    #expect(modes(of: (0..<10).map { $0.isMultiple(of: 2) ? -greatest : greatest }) == nil)
  }

  struct Noise: Sendable, CustomTestStringConvertible {
    var spread: Double
    var spikes: Double
    var testDescription: String { "noise \(spread), spikes \(spikes)" }

    func value(_ generator: inout SeededGenerator, upperShare: Double = 0) -> Double {
      var value = generator.block(median: 100, spread: spread, spikes: spikes)
      if generator.uniform() < upperShare { value *= 1.2 }
      return value
    }
  }

  static let noises = [
    Noise(spread: 0.03, spikes: 0), Noise(spread: 0.03, spikes: 0.05), Noise(spread: 0.1, spikes: 0),
    Noise(spread: 0.1, spikes: 0.05), Noise(spread: 0.3, spikes: 0.05),
  ]

  private func shareFound(_ noise: Noise, count: Int, upperShare: Double, trials: Int) -> Int {
    var generator = SeededGenerator(seed: UInt64(count))
    return (0..<trials).count { _ in
      modes(of: (0..<count).map { _ in noise.value(&generator, upperShare: upperShare) }) != nil
    }
  }

  @Test(arguments: noises, [8, 9, 12, 16, 20, 30, 60, 200])
  func falseAlarms(noise: Noise, count: Int) {
    let trials = 2000
    let found = shareFound(noise, count: count, upperShare: 0, trials: trials)
    #expect(found <= binomialBound(trials: trials, probability: 0.01))
    report("modes, none: \(noise.testDescription)", count, found, of: trials)
  }

  /// Two modes 20 % apart under 3 % noise.
  @Test(arguments: [
    (8, 0, 0.5, 0.2), (12, 0, 0.5, 0.5), (20, 0, 0.5, 0.88), (30, 0, 0.5, 0.98), (60, 0, 0.5, 0.99),
    (20, 0.05, 0.5, 0.53), (30, 0.05, 0.5, 0.76), (60, 0.05, 0.5, 0.95), (60, 0.05, 0.3, 0.86),
  ])
  func power(count: Int, spikes: Double, upperShare: Double, least: Double) {
    let trials = 1000
    let noise = Noise(spread: 0.03, spikes: spikes)
    let found = shareFound(noise, count: count, upperShare: upperShare, trials: trials)
    #expect(Double(found) >= least * Double(trials))
    report("modes 20 % apart, upper \(upperShare): \(noise.testDescription)", count, found, of: trials)
  }
}

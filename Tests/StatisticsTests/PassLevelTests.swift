// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Statistics

struct PassLevelTests {
  @Test func levelsAreInTheOrderGiven() throws {
    let values = [11.4, 13.5, 11.5, 13.4, 15.9, 11.3, 13.6, 15.8].map { log($0) }
    let found = try #require(passLevels(of: values))
    #expect(found.level == [0, 1, 0, 1, 2, 0, 1, 2])
    #expect(found.centers.count == 3 && found.centers[0] == log(11.4) && found.centers[1] == log(13.5))
  }

  @Test func exactLevels() {
    #expect(passLevels(of: [1, 2, 1, 2, 2]) == PassLevels(centers: [1, 2], level: [0, 1, 0, 1, 1]))
    #expect(passLevels(of: [1, 2, 3, 1, 2, 3])?.level == [0, 1, 2, 0, 1, 2])
    #expect(passLevels(of: [1, 1, 1.04, 1.04], leastGap: 0.05) == nil)
    #expect(passLevels(of: [1, 1, 1.04, 1.04], leastGap: 0) != nil)
  }

  @Test func aPassAloneIsNoLevel() {
    #expect(passLevels(of: [1, 1, 1, 1, 1, 1, 1, 2]) == nil)
    #expect(passLevels(of: [0, 1, 1, 1, 1, 1, 1, 2]) == nil)
    // Beside two levels it is a third.
    #expect(passLevels(of: [1, 1, 1, 2, 2, 2, 5])?.centers == [1, 2, 5])
  }

  @Test func withoutLevels() {
    #expect(passLevels(of: []) == nil)
    #expect(passLevels(of: [1, 1, 2]) == nil)
    #expect(passLevels(of: [1, 1, 1, 1, 1]) == nil)
    #expect(passLevels(of: [1, 1, 2, 2, .nan]) == nil)
    #expect(passLevels(of: (0..<12).map(Double.init)) == nil)
  }

  @Test(arguments: [5, 6, 8, 12]) func falseAlarms(passes: Int) {
    let trials = 2000
    var generator = SeededGenerator(seed: UInt64(9500 + passes))
    let normal = (0..<trials).count { _ in
      passLevels(of: (0..<passes).map { _ in generator.normal() }) != nil
    }
    let uniform = (0..<trials).count { _ in
      passLevels(of: (0..<passes).map { _ in generator.uniform() }) != nil
    }
    report("levels of passes, none: normal", passes, normal, of: trials)
    report("levels of passes, none: uniform", passes, uniform, of: trials)
    #expect(max(normal, uniform) <= binomialBound(trials: trials, probability: 0.02))
  }

  /// The interrupt's modes, which scatter by 2 % within.
  @Test(arguments: [(5, 0.25), (8, 0.5), (12, 0.8)]) func power(passes: Int, least: Double) {
    let trials = 1000
    var generator = SeededGenerator(seed: UInt64(9600 + passes))
    let found = (0..<trials).count { _ in
      let values = (0..<passes).map { log($0 % 2 == 0 ? 8.6 : 10.9) + 0.02 * generator.normal() }
      return passLevels(of: values) != nil
    }
    report("levels of passes 27 % apart", passes, found, of: trials)
    #expect(Double(found) >= least * Double(trials))
  }
}

// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import Statistics

private typealias Location = PassEstimate.Location

/// Known answers from scipy.stats: ttest_1samp and ttest_ind(equal_var=False) of {5.1, 4.8, 5.6, 5.0, 5.3} and
/// {4.2, 4.9, 4.4}.
struct LocationTests {
  private func location(_ values: [Double]) -> Location {
    let (mean, deviation) = moments(values)
    return Location(
      value: mean, standardError: deviation / Double(values.count).squareRoot(),
      degreesOfFreedom: Double(values.count - 1))
  }

  private var new: Location { location([5.1, 4.8, 5.6, 5.0, 5.3]) }
  private var old: Location { location([4.2, 4.9, 4.4]) }
  private let exact = Location(value: 1, standardError: 0, degreesOfFreedom: 4)
  private let unknown = Location(value: 1, standardError: .infinity, degreesOfFreedom: 0)

  @Test func studentsInterval() {
    #expect(isClose(new.interval().low, 4.781343371836055) && isClose(new.interval().high, 5.538656628163945))
    let wide = new.interval(confidence: 0.99)
    #expect(isClose(wide.low, 4.532085175943681) && isClose(wide.high, 5.787914824056319))
    #expect(isClose(new.pValue(of: 5), 0.30581680803983685))
  }

  @Test func manyDegreesOfFreedomAreTheNormal() {
    let normal = Location(value: 0, standardError: 1, degreesOfFreedom: .infinity)
    #expect(isClose(normal.interval().high, 1.959963984540054, tolerance: 2e-6))
    #expect(isClose(normal.pValue(of: 1.959963984540054), 0.05, tolerance: 1e-9))
    let nearly = Location(value: 0, standardError: 1, degreesOfFreedom: 999_999)
    #expect(isClose(nearly.pValue(of: 1.959963984540054), 0.05, tolerance: 1e-5))
  }

  @Test func welch() {
    let difference = differenceOfEstimates(new, old)
    #expect(isClose(difference.degreesOfFreedom, 3.740800419573901))
    #expect(isClose(difference.pValue(of: 0), 0.060956270125068754))
    #expect(isClose(difference.interval().low, -0.05025477576813142, tolerance: 1e-11))
    #expect(isClose(difference.interval().high, 1.3702547757681298))
  }

  @Test func differencesOfTheDegenerate() {
    #expect(differenceOfEstimates(exact, exact) == Location(value: 0, standardError: 0, degreesOfFreedom: 4))
    let oneExact = differenceOfEstimates(new, exact)
    #expect(isClose(oneExact.standardError, new.standardError))
    #expect(isClose(oneExact.degreesOfFreedom, new.degreesOfFreedom))
    let open = differenceOfEstimates(unknown, exact)
    #expect(open.interval() == .unbounded && open.pValue(of: 3) == 1 && open.value == 0)
  }

  @Test(arguments: [(0.1, 0.6586469874795046), (0.5, 0.03363403657807478), (1, 0.0017632656830195706)])
  func twoOneSidedTests(margin: Double, expected: Double) {
    for sign in [1.0, -1.0] {
      let difference = Location(
        value: sign * (new.value - 5), standardError: new.standardError, degreesOfFreedom: 4)
      #expect(isClose(equivalence(difference, within: margin), expected))
    }
  }

  /// At 5 % just where the 90 % interval lies within.
  @Test func equivalenceIsTheNarrowerInterval() {
    let difference = Location(value: 0.3, standardError: 0.7, degreesOfFreedom: 9)
    let bound = difference.interval(confidence: 0.9).high
    #expect(isClose(equivalence(difference, within: bound), 0.05))
  }

  @Test func equivalenceOfTheDegenerate() {
    #expect(equivalence(exact, within: 2) == 0)
    #expect(equivalence(exact, within: 1) == 1)
    #expect(equivalence(unknown, within: 100) == 1)
    #expect(equivalence(Location(value: 0, standardError: 1, degreesOfFreedom: 5), within: 0) == 0.5)
  }
}

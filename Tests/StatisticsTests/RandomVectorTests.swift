// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Statistics

/// Sixty random cases an estimator against scipy. Only scipy's answers are stored; the values come from the
/// generator, here as in scripts/statistics-vectors.
struct RandomVectorTests {
  struct Case: Sendable {
    let number: Int
    /// Skewed, as latencies are, and none equal to another.
    let values: [Double]
    let baseline: [Double]

    init(_ number: Int) {
      self.number = number
      var generator = SeededGenerator(seed: UInt64(1000 + number))
      func sample(_ count: Int) -> [Double] {
        (0..<count).map { _ in
          let u = generator.uniform()
          return 100 * (1 + u * u / (1.1 - u))
        }
      }
      values = sample(6 + number % 20)
      baseline = sample(4 + 7 * number % 17)
    }

    func row(_ table: [Double], of width: Int) -> ArraySlice<Double> {
      table[(number * width)..<((number + 1) * width)]
    }
  }

  static let cases = (0..<60).map(Case.init)

  private func tied(_ values: [Double]) -> [Double] { values.map { ($0 / 50).rounded(.down) } }

  private func expect(_ figures: [Double?], _ expected: ArraySlice<Double>, tolerance: Double = 1e-12) {
    #expect(figures.count == expected.count)
    for (figure, expected) in zip(figures, expected) {
      #expect(
        isClose(figure, expected, tolerance: tolerance), "\(String(describing: figure)), not \(expected)")
    }
  }

  @Test(arguments: cases) func orderStatistics(of example: Case) {
    let values = Distribution(example.values)
    #expect(median(example.values) == values.median)
    expect(
      [values.median, values.medianAbsoluteDeviation, values.quantile(0.1), values.quantile(0.99)],
      example.row(RandomVectors.orderStatistics, of: 4))
  }

  @Test(arguments: cases) func harrellDavis(of example: Case) {
    expect(
      [0.1, 0.5, 0.99].map { harrellDavisQuantile(example.values, $0) },
      example.row(RandomVectors.harrellDavis, of: 3))
  }

  @Test(arguments: cases) func centers(of example: Case) {
    let center = hodgesLehmannCenter(example.values)
    expect(
      [center?.value, center?.interval.low, center?.interval.high], example.row(RandomVectors.centers, of: 3))
  }

  @Test(arguments: cases) func shifts(of example: Case) {
    let shift = hodgesLehmannShift(from: example.baseline, to: example.values)
    expect(
      [shift?.value, shift?.interval.low, shift?.interval.high], example.row(RandomVectors.shifts, of: 3),
      // Of differences near 0 the last digits are those of the values.
      tolerance: 1e-10)
  }

  @Test(arguments: cases) func mannWhitney(of example: Case) {
    let exact = mannWhitneyTest(baseline: example.baseline, values: example.values)
    let rounded = mannWhitneyTest(baseline: tied(example.baseline), values: tied(example.values))
    expect(
      [exact?.u, exact?.pValue, rounded?.u, rounded?.pValue], example.row(RandomVectors.mannWhitney, of: 4))
  }

  @Test(arguments: cases) func autocorrelation(of example: Case) {
    expect(
      [lag1Autocorrelation(example.values)], example.row(RandomVectors.autocorrelation, of: 1),
      tolerance: 1e-11)
  }

  @Test(arguments: cases) func trends(of example: Case) {
    let exact = trend(of: example.values)
    let rounded = trend(of: tied(example.values))
    expect(
      [exact?.slope, exact?.pValue, rounded?.slope, rounded?.pValue],
      example.row(RandomVectors.trends, of: 4))
  }

  @Test(arguments: cases) func incompleteBeta(of example: Case) {
    var generator = SeededGenerator(seed: UInt64(2000 + example.number))
    let (a, b, x) = (generator.uniform(), generator.uniform(), generator.uniform())
    expect(
      [regularizedIncompleteBeta(x, 0.05 + 60 * (a * a * a), 0.05 + 60 * (b * b * b))],
      example.row(RandomVectors.incompleteBeta, of: 1))
  }
}

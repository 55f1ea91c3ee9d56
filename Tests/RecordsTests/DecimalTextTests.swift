// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

@testable import Records

@Suite struct DecimalTextTests {
  private func parse(_ text: String) -> (value: Double, end: Int)? {
    Array(text.utf8).withUnsafeBufferPointer { DecimalText.parse($0, from: 0) }
  }

  @Test(arguments: [
    "0", "-0", "0.5", "1622.4122938053267", "9007199254740993", "9007199254740993.5", "0.1", "0.3",
    "-0.0000001234567890123", "9999999999999999999", "18014398509481985", "0.9999999999999999999", "00012.50",
    "5e", "12,", "1.000000000000000000", "4503599627370496.5", "4503599627370497.5", "0.0000000000000000001",
  ])
  func takesTheUsualForm(text: String) throws {
    let parsed = try #require(parse(text))
    let taken = String(text.utf8.prefix(parsed.end)) ?? ""
    let expected = try #require(Double(taken))
    #expect(parsed.value.bitPattern == expected.bitPattern, "\(taken)")
  }

  @Test(arguments: [
    "", "-", ".5", "5.", "x", "nan", "inf", "+1", " 1", "12345678901234567890", "0.12345678901234567890",
    "99999999999999999999999", "1.00000000000000000000",
  ])
  func leavesTheRest(text: String) { #expect(parse(text) == nil) }

  @Test func agreesWithDoubleOnAnyDigits() {
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<200_000 {
      let digits = String(UInt64.random(in: 0...9_999_999_999_999_999_999, using: &generator))
      let point = Int.random(in: 1...digits.count, using: &generator)
      let text = "\(digits.prefix(point)).\(digits.dropFirst(point))0"
      guard let parsed = parse(text) else { continue }
      #expect(parsed.end == text.utf8.count && parsed.value == Double(text), "\(text)")
    }
  }

  @Test func readsWhatIsWritten() {
    var generator = SeededGenerator(seed: 6)
    for _ in 0..<100_000 {
      let value = Double.random(in: -1e6...1e6, using: &generator)
      let text = CSVText.text(value)
      #expect((parse(text)?.value ?? Double(text)) == value, "\(text)")
    }
  }
}

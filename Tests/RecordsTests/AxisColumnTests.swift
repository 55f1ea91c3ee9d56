// SPDX-License-Identifier: Apache-2.0
import Model
import Testing

@testable import Records

@Suite("columns of the axes")
struct AxisColumnTests {
  @Test func anAxisWithAColumnIsWrittenThere() throws {
    var report = Made.report()
    report.summaries[0].measuredCase.directMap = .cold
    report.summaries[0].measuredCase.sibling = .offline
    let measured = report.summaries[0].measuredCase
    let row = try #require(try SummaryCSV.rows(of: SummaryCSV.bytes(of: report), file: "summary.csv").first)
    for axis in Axis.all {
      guard let column = axis.column else { continue }
      #expect(row[column] == axis.text(of: measured), "\(column)")
    }
  }
}

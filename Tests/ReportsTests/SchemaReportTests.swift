// SPDX-License-Identifier: Apache-2.0
import Foundation
import Records
import Testing

@testable import Reports

@Suite struct SchemaReportTests {
  @Test func theDocumentIsWhatTheCommandPrints() throws {
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../docs/csv.md")
    #expect(
      try String(contentsOf: page, encoding: .utf8) == SchemaReport.markdown(RecordedFile.allCases),
      "make it again: swift run gmembench schema --format markdown > docs/csv.md")
  }

  @Test func everyColumnIsExplained() {
    for file in RecordedFile.allCases {
      #expect(Set(file.columns.map(\.name)).count == file.columns.count)
      for column in file.columns {
        #expect(column.meaning.hasSuffix(".") && !column.meaning.contains("|"), "\(column.name)")
        #expect(column.empty == ColumnFacts.never || column.empty.hasPrefix("where "), "\(column.name)")
      }
    }
  }

  @Test func aTerminalGetsOneFile() {
    let text = SchemaReport.render([.samples], color: false)
    #expect(text.hasPrefix("samples.csv\nOne line a sample"))
    #expect(text.contains("\n  value   the case's  One timed call divided by the pages it covered.\n"))
    #expect(text.hasSuffix("                      empty where it is not finite\n"))
  }
}

// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Records

@Suite struct SchemaCSVTests {
  @Test func aProgramReadsEveryColumnInItsOrder() throws {
    let rows = try CSVReader.rows(of: SchemaCSV.bytes(of: RecordedFile.allCases), file: "f")
    for (file, columns) in [
      "summary.csv": SummaryCSV.columns, "blocks.csv": BlocksCSV.columns, "samples.csv": SamplesCSV.columns,
      "distributions.csv": DistributionsCSV.columns,
    ] {
      #expect(rows.filter { $0["file"] == file }.map { $0["column"] } == columns)
    }
    let state = try #require(rows.first { $0["column"] == "state" })
    #expect(state["type"] == "text" && state["since"] == "2" && state["empty"] == "never")
    #expect(rows.allSatisfy { !$0["meaning"].isEmpty && (1...SummaryCSV.schema) ~= Int($0["since"]) ?? 0 })
  }

  @Test func aFieldIsReadAsItsColumnSays() throws {
    let row = try #require(try SummaryCSV.rows(of: SummaryCSV.bytes(of: Made.report()), file: "f").first)
    func value(_ name: String) throws -> ColumnValue? {
      try row.value(of: #require(SummaryCSV.table.first { $0.facts.name == name }).facts)
    }
    #expect(try value("method") == .text("timed loop") && value("abi") == nil)
    #expect(try value("cal_interrupts") == .whole(12) && value("pf_taken") == nil)
    #expect(try value("p50") == .number(2) && value("p50_high") == nil)
  }

  @Test func aBlockIsReadBackByItsTable() throws {
    let bytes = BlocksCSV.header + BlocksCSV.bytes(of: Made.block(4), runID: "r")
    var blocks: [RecordedBlock] = []
    try BlocksCSV.read(CSVReader(bytes: bytes, file: "f")) { blocks.append($0) }
    let block = try #require(blocks.first)
    #expect(block.runID == "r" && block.key == Made.point().key && block.number == 4 && block.round == 1)
    #expect(block.status == "invalid: a, \"b\"\nc" && block.digest.samples == 4 && block.digest.minimum == -3)
    #expect(block.place == Made.block().place && block.trips == 6.0 / 512)
    func value(_ name: String) -> ColumnValue? {
      BlocksCSV.table.first { $0.facts.name == name }?.value(in: block)
    }
    #expect(value("median") == .number(0.62500005) && value("max") == nil && value("pass") == .whole(3))
    #expect(value("run_id") == .text("r") && value("minor_faults") == nil)
  }
}

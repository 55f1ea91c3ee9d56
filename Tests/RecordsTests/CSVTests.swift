// SPDX-License-Identifier: Apache-2.0
import Statistics
import Testing

@testable import Records

@Suite struct CSVTests {
  static let schema = """
    schema, run_id, case, started_at, machine_key, kernel_release, architecture, hypervisor, benchmark, operation, \
    backing, abi, guest_memfd_flags, page_bytes, pages, order, threads, cpu_node, memory_node, placement, others, \
    state, direct_map, sibling, flush, method, unit, status, reason, blocks, samples, mean, stddev, min, p50, p50_low, p50_high, \
    p90, p99, p99_9, max, mad, outliers_mild, outliers_severe, baseline, ratio, ratio_low, ratio_high, shift, \
    shift_low, shift_high, level2_splits, level3_splits, cal_interrupts, tlb_interrupts, pf_taken, \
    context_switches, migrations, passes, between_share, levels, adjusted_ratio, adjusted_ratio_low, adjusted_ratio_high, \
    adjusted_shift, adjusted_shift_low, adjusted_shift_high, interrupt_slope, instructions_slope, memory_slope
    """

  @Test func headerIsTheSchema() {
    #expect(SummaryCSV.columns.joined(separator: ", ") == Self.schema)
    let text = String(decoding: SummaryCSV.bytes(of: Made.report([])), as: UTF8.self)
    #expect(text == Self.schema.split(separator: ", ").joined(separator: ",") + "\n")
  }

  @Test func summaryReadsBack() throws {
    var first = Made.summary()
    first.reason = "needs \"this\", and\nthat\r\n"
    first.guestMemfdFlags = 3
    first.abi = .mainline
    var second = Made.summary(.guestMemfd, samples: [])
    second.baseline = nil
    second.estimates.effect = nil
    second.estimates.medianInterval = nil
    second.status = .unsupported
    let bytes = SummaryCSV.bytes(of: Made.report([first, second]))
    let rows = try SummaryCSV.rows(of: bytes, file: "s.csv")
    #expect(rows.count == 2)
    let row = rows[0]
    #expect(row["reason"] == first.reason)
    #expect(row["case"] == first.measuredCase.key)
    #expect(row["guest_memfd_flags"] == "0x3")
    #expect(row["abi"] == "mainline")
    #expect(row["machine_key"] == "amd-epyc-25.17.1-2cpu-1node-24gib-kvm")
    #expect(try row.number("p50") == 2)
    #expect(try row.number("mean") == 2)
    #expect(try row.number("p50_low") == 1.5)
    #expect(row["p50_high"] == "")
    #expect(try row.number("shift") == -1e-7)
    #expect(row["shift"] == "-0.0000001")
    #expect(row["shift_low"] == "" && row["shift_high"] == "")
    #expect(try row.number("ratio_low") == 0.8)
    #expect(row["cal_interrupts"] == "12")
    #expect(row["tlb_interrupts"] == "" && row["direct_map"] == "" && row["pf_taken"] == "")
    #expect(row["context_switches"] == "-1")
    for column in ["mean", "min", "p50", "p99_9", "mad", "outliers_mild", "baseline", "ratio", "shift"] {
      #expect(rows[1][column] == "", "\(column)")
    }
    #expect(rows[1]["samples"] == "0" && rows[1]["status"] == "unsupported")
  }

  @Test(arguments: [
    0, 1, -1, 0.1, -0.1, 1.0 / 3, 1e-7, -1.25e-9, .leastNonzeroMagnitude, 1e15, 1e16, 1.5e17,
    123_456_789_012_345_680,
    1.797_693_134_862_315_7e308, .leastNormalMagnitude,
  ])
  func numbersReadBackWithoutExponent(value: Double) {
    let text = CSVText.text(value)
    #expect(Double(text) == value)
    #expect(!text.contains("e"))
  }

  @Test func numbersAreCompact() {
    #expect(CSVText.text(2) == "2")
    #expect(CSVText.text(-0.25) == "-0.25")
    #expect(CSVText.text(1.5e-5) == "0.000015")
    #expect(CSVText.text(1e16) == "10000000000000000")
    #expect(CSVText.text(.infinity) == "" && CSVText.text(.nan) == "")
  }

  @Test func blocksAndSamplesReadBack() throws {
    let block = Made.block(4)
    let rows = try CSVReader.rows(of: BlocksCSV.header + BlocksCSV.bytes(of: block, runID: "r"), file: "b")
    #expect(rows.count == 1)
    #expect(rows[0]["status"] == "invalid: a, \"b\"\nc")
    #expect(rows[0]["block"] == "4" && rows[0]["round"] == "1" && rows[0]["position"] == "2")
    #expect(rows[0]["placement"] == "misplaced 3")
    #expect(rows[0]["cal_interrupts"] == "5;6" && rows[0]["tlb_interrupts"] == "")
    #expect(rows[0]["gaps"] == "7" && rows[0]["stolen_ns"] == "1234.5" && rows[0]["pf_taken"] == "")
    #expect(rows[0]["busy_cpus"] == "1,3" && rows[0]["stolen_each_ns"] == "1000;234.5")
    #expect(rows[0]["gap_p50_ns"] == "2" && rows[0]["refill_ns"] == "1.5")
    #expect(rows[0]["detail"] == "fault=12000.5;added=-3;subtracted=250")
    #expect(rows[0]["cycles_kernel"] == "1000" && rows[0]["dtlb_misses"] == "1.5")
    #expect(rows[0]["cycles_user"] == "" && rows[0]["page_walks"] == "")
    #expect(rows[0]["elapsed"] == "320000" && rows[0]["fairness"] == "0.8")
    #expect(rows[0]["overlap"] == "0.8")
    #expect(rows[0]["direct_map_4k"] == "4096" && rows[0]["direct_map_2m"] == "8192")
    #expect(rows[0]["direct_map_1g"] == "" && rows[0]["split_table_bytes"] == "4096")
    let samples = try CSVReader.rows(
      of: SamplesCSV.header + SamplesCSV.bytes(of: block, runID: "r"), file: "s")
    #expect(samples.map { $0["sample"] } == ["0", "1", "2", "3"])
    #expect(samples.map { $0["value"] } == ["1.25", "-3", "0.0000001", ""])
    #expect(samples.allSatisfy { $0["case"] == block.measuredCase.key && $0["block"] == "4" })
  }

  @Test func readerTakesLineEndingsAndMark() throws {
    let rows = try CSVReader.rows(
      of: [0xEF, 0xBB, 0xBF] + Array("a,b\r\n1,\"x\r\ny\"\r\n2,".utf8), file: "f")
    #expect(rows.map { $0["a"] } == ["1", "2"])
    #expect(rows[0]["b"] == "x\r\ny" && rows[1]["b"] == "")
    #expect(rows.map(\.line) == [2, 4])
  }

  @Test(arguments: [
    ("", "f:1:1: the file is empty: there is no header line"),
    ("a,b\n1\n", "f:2:1: 1 fields, but the header names 2: 'b' is missing"),
    ("a,b\n1,2\n1,2,3\n", "f:3:5: 3 fields, but the header names 2"),
    ("a,b\n1,\"x\ny", "f:2:3: a quote that is not closed"),
    ("a,b\n1,x\"y\n", "f:2:4: a quote inside a field that does not start with one"),
    ("a,b\n\"1\"2,3\n", "f:2:4: text after a closing quote"),
    ("a,b\n1\r2,3\n", "f:2:2: a carriage return outside quotes"),
    ("a,a\n", "f:1:3: the header names 'a' twice"),
  ])
  func readerSaysWhere(text: String, message: String) {
    let failure = #expect(throws: CSVFailure.self) { try CSVReader.rows(of: Array(text.utf8), file: "f") }
    #expect(failure?.description == message)
  }

  @Test func otherSchemasAreRefused() throws {
    let text = String(decoding: SummaryCSV.bytes(of: Made.report()), as: UTF8.self)
    let bytes = { (text: String) in Array(text.utf8) }
    #expect(throws: CSVFailure.self) {
      try SummaryCSV.rows(of: bytes("schema,case\n1,x\n"), file: "f")
    }
    let lines = text.split(separator: "\n")
    let other = lines[0] + "\n4" + lines[1].dropFirst() + "\n"
    let failure = #expect(throws: CSVFailure.self) {
      try SummaryCSV.rows(of: bytes(String(other)), file: "f")
    }
    #expect(failure?.description.contains("schema 4") == true)
    let row = try #require(try SummaryCSV.rows(of: bytes(text), file: "f").first)
    #expect(throws: CSVFailure.self) { try row.number("case") }
  }

  @Test func theSchemaBeforePassesCanBeRead() throws {
    let text = """
      schema,run_id,case,started_at,machine_key,kernel_release,architecture,hypervisor,benchmark,operation,backing,abi,\
      guest_memfd_flags,page_bytes,pages,order,threads,cpu_node,memory_node,placement,others,direct_map,flush,method,\
      unit,status,reason,blocks,samples,mean,stddev,min,p50,p50_low,p50_high,p90,p99,p99_9,max,mad,outliers_mild,\
      outliers_severe,baseline,ratio,ratio_low,ratio_high,shift,shift_low,shift_high,level2_splits,level3_splits,\
      cal_interrupts,tlb_interrupts,pf_taken,context_switches,migrations
      1,r,fault-in/touch/memfd/pages=512,2026-11-24T12:00:00Z,m,6.18,x86_64,kvm,fault-in,touch,memfd,,,4096,512,\
      sequential,1,0,0,verified,spin,,,chained stamps,ns,ok,,1,2,1.5,,1,1.5,,,2,2,2,2,0.5,0,0,,,,,,,,,,,,,,

      """
    let row = try #require(try SummaryCSV.rows(of: Array(text.utf8), file: "f").first)
    #expect(row["state"] == "" && row["passes"] == "" && row["p50"] == "1.5")
    let newer = text.replacing("\n1,r,", with: "\n2,r,")
    #expect(throws: CSVFailure.self) { try SummaryCSV.rows(of: Array(newer.utf8), file: "f") }
  }
}

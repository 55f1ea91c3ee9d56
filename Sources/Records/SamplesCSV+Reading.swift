// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model

extension SamplesCSV {
  /// The samples of one block, as they were recorded.
  struct RecordedBlock {
    /// Line of its first sample.
    var line: Int
    var runID: String
    /// The case's key; any text where the data come from elsewhere.
    var key: String
    var number: Int
    /// NaN for a value that was recorded as not finite.
    var samples: [Double] = []
  }

  /// Reads samples.csv a block at a time, in memory for one block.
  ///
  /// The five columns are required, in any order; further ones are ignored with a warning (and read more slowly, as
  /// is any other order). The lines of a block stand together and `sample` rises in it, as a run writes them; the
  /// file is of one run. An empty value is a sample that was not finite, as ``SamplesCSV`` writes it; `nan` and
  /// `inf` are refused, as is all that is no number.
  struct Reader: ~Copyable {
    private var csv: CSVReader
    private let hasOwnForm: Bool
    /// The text of the line's first three fields, their commas included: most lines repeat it.
    private var start: [UInt8] = []
    /// The line that showed that a block was over.
    private var pending: Line?
    private var runID: String?
    /// Samples recorded as not finite.
    private(set) var absent = 0

    private struct Line {
      var row: CSVRow
      var number: Int
      var sample: Int
      var value: Double
    }

    /// Takes a file over whose header was read.
    init(_ csv: consuming CSVReader) throws(CSVFailure) {
      try csv.require(SamplesCSV.columns, for: "not a samples.csv")
      hasOwnForm = csv.header == SamplesCSV.columns
      self.csv = csv
    }

    /// What is odd about the file, but no reason to refuse it; complete at its end.
    var findings: [Finding] {
      var findings: [Finding] = []
      let further = csv.header.filter { !SamplesCSV.columns.contains($0) }
      if !further.isEmpty {
        findings.append(Finding(.warning, "\(csv.file): ignored columns: \(further.joined(separator: ", "))"))
      }
      if absent > 0 {
        findings.append(
          Finding(
            .warning, "\(csv.file): \(absent) samples have no value (it was not finite): no figure has them"))
      }
      if csv.endsWithoutLineFeed {
        findings.append(
          Finding(.warning, "\(csv.file): the last line has no line feed: it may have been cut short"))
      }
      return findings
    }

    /// What is wrong with a block, at its first line.
    func failure(_ block: RecordedBlock, _ message: String) -> CSVFailure {
      CSVFailure(
        file: csv.file, line: block.line, column: 1,
        message: "block \(block.number) of '\(block.key)' \(message)")
    }

    /// The next block; nil at the end.
    mutating func next() throws(CSVFailure) -> RecordedBlock? {
      var start = pending
      pending = nil
      if start == nil { start = try line() }
      guard let first = start else { return nil }
      if let runID, runID != first.row["run_id"] {
        throw first.row.failure(
          "run_id",
          "a second run, '\(first.row["run_id"])', after '\(runID)': give each run a file of its own")
      }
      runID = first.row["run_id"]
      var block = RecordedBlock(
        line: first.row.line, runID: first.row["run_id"], key: first.row["case"], number: first.number)
      block.samples.append(first.value)
      var last = first.sample
      while true {
        if let (sample, value) = try repeatedLine(after: last) {
          block.samples.append(value)
          last = sample
          continue
        }
        guard let line = try line() else { break }
        guard line.number == block.number, line.row["case"] == block.key, line.row["run_id"] == runID else {
          pending = line
          break
        }
        guard line.sample > last else {
          throw line.row.failure("sample", "sample \(line.sample) after \(last): those of a block must rise")
        }
        block.samples.append(line.value)
        last = line.sample
      }
      absent += block.samples.count(where: \.isNaN)
      return block
    }

    /// A line of the same block as the one before, in its usual form; nil where only ``line()`` can tell.
    private mutating func repeatedLine(after last: Int) throws(CSVFailure) -> (sample: Int, value: Double)? {
      let count = start.count
      guard count > 0 else { return nil }
      let line = try csv.peekLine()
      guard line.count > count, let text = line.baseAddress, memcmp(text, start, count) == 0,
        let sample = DecimalText.parseWhole(line, from: count), sample.value > last,
        sample.end < line.count, line[sample.end] == UInt8(ascii: ","),
        let value = DecimalText.parse(line, from: sample.end + 1)
      else { return nil }
      var end = value.end
      if end < line.count, line[end] == UInt8(ascii: "\r") { end += 1 }
      guard end == line.count - 1, line[end] == UInt8(ascii: "\n") else { return nil }
      csv.skipLine()
      return (sample.value, value.value)
    }

    /// A line in any form; nil at the end.
    private mutating func line() throws(CSVFailure) -> Line? {
      let text = hasOwnForm ? Array(try csv.peekLine()) : []
      guard let row = try csv.next() else { return nil }
      start = text.isEmpty ? [] : Array(text.prefix(max(0, row.record.columns[3] - 1)))
      return Line(
        row: row, number: try row.count("block"), sample: try row.count("sample"),
        value: try row.number("value") ?? .nan)
    }
  }
}

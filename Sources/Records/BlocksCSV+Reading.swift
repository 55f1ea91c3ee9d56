// SPDX-License-Identifier: Apache-2.0
import Analysis
import Model

/// What the summary of a case needs of a block's line.
public struct RecordedBlock: Sendable {
  var row: CSVRow
  var runID = ""
  /// The case's key.
  var key = ""
  public internal(set) var number = 0
  public internal(set) var place = BlockPlace(round: 0)
  public var round: Int { place.round }
  public internal(set) var digest = BlockDigest(
    samples: 0, median: nil, mean: nil, minimum: nil, maximum: nil)
  /// `ok`, or why it is not a result.
  public internal(set) var status = ""
  var calInterrupts: [Int64] = []

  /// Runs from before there were passes and probes have none.
  init(_ row: CSVRow) throws(CSVFailure) {
    self.row = row
    for column in BlocksCSV.readColumns { try column.read(row, into: &self) }
  }

  /// Whether the summary rests on it.
  var counts: Bool { status == Block.Status.valid.text }

  /// As of `BlockSeries.interruptTrips`.
  var trips: Double? {
    guard !calInterrupts.isEmpty, let pages = CaseKey(key)[.pages].flatMap({ Int($0) }) else { return nil }
    return Counters(calInterrupts: calInterrupts).interruptTrips(pages: pages)
  }

  var repeated: CSVFailure { row.failure("block", "block \(number) of '\(key)' for the second time") }
  var sharesRound: CSVFailure { row.failure("round", "round \(round) of '\(key)' for the second time") }
}

extension BlocksCSV {
  fileprivate static let readColumns = table.filter(\.isRead)

  /// The blocks of a file in their order, handed over one by one. Each case has a block of each number once.
  static func read(
    _ reader: consuming CSVReader, each body: (RecordedBlock) throws(CSVFailure) -> Void
  ) throws(CSVFailure) {
    var reader = reader
    try reader.require(needed.map(\.facts.name), for: "not a blocks.csv")
    while let row = try reader.next() { try body(RecordedBlock(row)) }
  }
}

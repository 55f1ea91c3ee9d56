// SPDX-License-Identifier: Apache-2.0
import Experiment

/// What the summary of a case needs of a block's line.
public struct RecordedBlock: Sendable {
  var row: CSVRow
  /// The case's key.
  var key: String
  public var number: Int
  public var round: Int
  public var digest: BlockDigest

  /// `ok`, or why it is not a result.
  public var status: String { row["status"] }
  /// Whether the summary rests on it.
  var counts: Bool { status == Block.Status.valid.text }
}

extension BlocksCSV {
  /// The columns without which a file is no blocks.csv. The others are context, and may grow.
  private static let needed = Array(columns.prefix(11))

  /// The blocks of a file in their order, handed over one by one. Each case has a block of each number once.
  static func read(
    _ reader: consuming CSVReader, each body: (RecordedBlock) throws(CSVFailure) -> Void
  ) throws(CSVFailure) {
    var reader = reader
    try reader.require(needed, for: "not a blocks.csv")
    while let row = try reader.next() {
      try body(
        RecordedBlock(
          row: row, key: row["case"], number: try row.count("block"), round: try row.count("round"),
          digest: BlockDigest(
            samples: try row.count("samples"), median: try row.number("median"), mean: try row.number("mean"),
            minimum: try row.number("min"), maximum: try row.number("max"))))
    }
  }
}

extension RecordedBlock {
  var repeated: CSVFailure { row.failure("block", "block \(number) of '\(key)' for the second time") }
  var sharesRound: CSVFailure { row.failure("round", "round \(round) of '\(key)' for the second time") }
}

// SPDX-License-Identifier: Apache-2.0
import Analysis
import Model

/// What the summary of a case needs of a block's line.
public struct RecordedBlock: Sendable {
  var row: CSVRow
  /// The case's key.
  var key: String
  public var number: Int
  public var place: BlockPlace
  public var round: Int { place.round }
  public var digest: BlockDigest
  /// As of `BlockSeries.interruptTrips`.
  var trips: Double?

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
          row: row, key: row["case"], number: try row.count("block"), place: try place(row),
          digest: BlockDigest(
            samples: try row.count("samples"), median: try row.number("median"), mean: try row.number("mean"),
            minimum: try row.number("min"), maximum: try row.number("max")), trips: trips(row)))
    }
  }

  /// Runs from before there were passes and probes have none.
  private static func place(_ row: CSVRow) throws(CSVFailure) -> BlockPlace {
    let names = [
      Probes.Kind.interrupt: "interrupt_ns", .instructions: "instructions_ns", .memory: "memory_ns",
    ]
    var probes = Probes()
    for (kind, name) in names { probes[kind] = try row.number(name) }
    return BlockPlace(round: try row.count("round"), pass: try row.whole("pass"), probes: probes)
  }

  private static func trips(_ row: CSVRow) -> Double? {
    let calls = row["cal_interrupts"].split(separator: ";").compactMap { Int64($0) }
    let pages = row["case"].split(separator: "/").lazy.compactMap { part in
      part.hasPrefix("pages=") ? Int(part.dropFirst("pages=".count)) : nil
    }.first
    guard !calls.isEmpty, let pages else { return nil }
    return Counters(calInterrupts: calls).interruptTrips(pages: pages)
  }
}

extension RecordedBlock {
  var repeated: CSVFailure { row.failure("block", "block \(number) of '\(key)' for the second time") }
  var sharesRound: CSVFailure { row.failure("round", "round \(round) of '\(key)' for the second time") }
}

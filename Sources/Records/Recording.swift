// SPDX-License-Identifier: Apache-2.0
import Analysis
import Model

/// What a run, or somebody else, left in files: read back to be compared or computed again.
public struct Recording: Sendable {
  /// What was read.
  public enum Form: Hashable, Sendable {
    /// A run's folder: summary.csv, with blocks.csv, samples.csv and run.json where they are there.
    case folder
    /// One file alone.
    case summary, blocks, samples
  }

  /// How much is read of a folder: samples.csv is large, and blocks.csv has each block's median.
  public enum Depth: Hashable, Sendable {
    case blocks
    /// Those that do not count as well, one by one.
    case everyBlock
    case samples
  }

  /// What is known of one case.
  struct Entry: Sendable {
    /// What is left of its blocks.
    enum Blocks: Sendable {
      case none
      case digests(DigestSeries)
      case samples(BlockSeries)
    }

    let key: String
    /// Its row in summary.csv, where there is one.
    var row: CSVRow?
    var blocks = Blocks.none
    /// Every line of blocks.csv, where each was asked for.
    var lines: [RecordedBlock] = []
  }

  /// As the user named it.
  public let path: String
  public let form: Form
  /// The run's own name; nil where nothing was recorded.
  public internal(set) var runID: String?
  /// What run.json says; nil where there is none that is understood.
  public private(set) var context: RunJSON?
  /// What a reader of the figures has to know of the files.
  public internal(set) var findings: [Finding] = []
  private(set) var entries: [Entry] = []
  /// What the machine was like in the run's rounds.
  private(set) var machine = MachineState()
  private var index: [String: Int] = [:]

  /// Reads a run's folder or one of its files, told apart by their headers.
  ///
  /// - Throws: ``CSVFailure`` that says file, line and column, or `SinkFailure` where something cannot be opened or
  ///   is no run.
  public init(_ path: String, depth: Depth) throws {
    self.path = path
    if let mode = Files.mode(of: path), Files.isDirectory(mode) {
      form = .folder
      try readFolder(depth)
    } else {
      let reader = try CSVReader(path: path)
      if reader.header.contains(where: ["sample", "value"].contains) {
        form = .samples
        try readSamples(reader)
      } else if reader.header.contains("schema") {
        form = .summary
        try readSummary(reader)
      } else if reader.header.contains("round") {
        form = .blocks
        try readDigests(reader, depth)
      } else {
        throw CSVFailure(
          file: path, line: 1, column: 1,
          message: "neither a summary.csv nor a blocks.csv nor a samples.csv: the header names other columns")
      }
    }
    if entries.isEmpty { findings.append(Finding(.warning, "\(path): no case in it")) }
  }

  // MARK: - Files

  private mutating func readFolder(_ depth: Depth) throws {
    let summary = "\(path)/summary.csv"
    guard Files.mode(of: summary) != nil else {
      throw SinkFailure("\(path): no run in this directory (summary.csv is missing)")
    }
    try readSummary(CSVReader(path: summary))
    readContext()
    let blocks = "\(path)/blocks.csv"
    guard Files.mode(of: blocks) != nil else {
      guard depth != .samples else {
        throw SinkFailure("\(path): blocks.csv is missing, which tells what counts")
      }
      return
    }
    let reader = try CSVReader(path: blocks)
    let samples = "\(path)/samples.csv"
    if depth == .samples, Files.mode(of: samples) != nil {
      try readSamples(CSVReader(path: samples), blocks: reader)
    } else {
      try readDigests(reader, depth)
    }
    let rowless = entries.count { $0.row == nil }
    if rowless > 0 {
      findings.append(
        Finding(
          .warning,
          "\(path): \(rowless) cases have blocks and no row in summary.csv: the run was cut short there"))
    }
  }

  private mutating func readContext() {
    let file = "\(path)/run.json"
    guard Files.mode(of: file) != nil else { return }
    do {
      context = try RunJSON(bytes: Files.read(file))
    } catch {
      findings.append(Finding(.warning, "\(file): not understood (its clock stays unknown): \(error)"))
    }
  }

  private mutating func readSummary(_ reader: consuming CSVReader) throws(CSVFailure) {
    for row in try SummaryCSV.rows(of: reader) {
      let entry = entry(row["case"])
      guard entries[entry].row == nil else {
        throw row.failure("case", "'\(row["case"])' for the second time")
      }
      entries[entry].row = row
      try take(runID: row["run_id"], row)
    }
  }

  private mutating func readDigests(_ reader: consuming CSVReader, _ depth: Depth) throws(CSVFailure) {
    var numbers = Set<BlockID>()
    var digests = entries.map { _ in DigestSeries() }
    try BlocksCSV.read(reader) { (block) throws(CSVFailure) in
      let entry = try self.entry(of: block)
      if entry == digests.count { digests.append(DigestSeries()) }
      guard numbers.insert(BlockID(entry: entry, number: block.number)).inserted else { throw block.repeated }
      if depth == .everyBlock { entries[entry].lines.append(block) }
      machine.add(block.place.probes)
      guard block.counts else { return }
      guard digests[entry].series.medians[block.round] == nil else { throw block.sharesRound }
      digests[entry].add(block.digest, at: block.place, trips: block.trips)
    }
    for entry in entries.indices { entries[entry].blocks = .digests(digests[entry]) }
  }

  /// The samples of the blocks that count: a block whose samples are not as many as blocks.csv says is left out.
  private mutating func readSamples(_ reader: consuming CSVReader, blocks: consuming CSVReader) throws {
    var open: [BlockID: RecordedBlock] = [:]
    try BlocksCSV.read(blocks) { (block) throws(CSVFailure) in
      let id = BlockID(entry: try self.entry(of: block), number: block.number)
      guard open.updateValue(block, forKey: id) == nil else { throw block.repeated }
      machine.add(block.place.probes)
    }
    var series = entries.map { _ in BlockSeries() }
    func add(_ samples: [Double], _ block: RecordedBlock, to entry: Int) throws(CSVFailure) {
      guard series[entry].medians[block.round] == nil else { throw block.sharesRound }
      series[entry].add(samples, at: block.place, trips: block.trips)
    }
    var samples = try SamplesCSV.Reader(reader)
    var leftOut = 0
    while let recorded = try samples.next() {
      guard let entry = index[recorded.key],
        let block = open.removeValue(forKey: BlockID(entry: entry, number: recorded.number))
      else { throw samples.failure(recorded, "is not in blocks.csv, or its lines do not stand together") }
      guard recorded.runID == block.runID else {
        throw samples.failure(
          recorded, "is of run '\(recorded.runID)', blocks.csv of '\(block.runID)'")
      }
      guard block.counts else { continue }
      if recorded.samples.count == block.digest.samples {
        try add(recorded.samples, block, to: entry)
      } else {
        leftOut += 1
      }
    }
    for (id, block) in open where block.counts {
      if block.digest.samples == 0 { try add([], block, to: id.entry) } else { leftOut += 1 }
    }
    for entry in entries.indices { entries[entry].blocks = .samples(series[entry]) }
    findings += samples.findings
    if leftOut > 0 {
      findings.append(
        Finding(
          .warning, "\(path): \(leftOut) blocks are left out: samples.csv does not hold all of their samples")
      )
    }
  }

  /// Samples of which nothing else is known: every block counts, and none shares a round with another case's.
  private mutating func readSamples(_ reader: consuming CSVReader) throws(CSVFailure) {
    var samples = try SamplesCSV.Reader(reader)
    var series: [BlockSeries] = []
    var numbers = Set<BlockID>()
    while let block = try samples.next() {
      let entry = entry(block.key)
      if entry == series.count { series.append(BlockSeries()) }
      guard numbers.insert(BlockID(entry: entry, number: block.number)).inserted else {
        throw samples.failure(block, "comes again: the lines of a block must stand together")
      }
      series[entry].add(block.samples, at: BlockPlace(round: block.number))
      runID = block.runID
    }
    for entry in entries.indices { entries[entry].blocks = .samples(series[entry]) }
    findings += samples.findings
  }

  // MARK: - Entries

  private struct BlockID: Hashable {
    var entry: Int
    var number: Int
  }

  /// Where a case is kept; at the end if it is new.
  private mutating func entry(_ key: String) -> Int {
    if let entry = index[key] { return entry }
    index[key] = entries.count
    entries.append(Entry(key: key))
    return entries.count - 1
  }

  private mutating func entry(of block: RecordedBlock) throws(CSVFailure) -> Int {
    try take(runID: block.runID, block.row)
    return entry(block.key)
  }

  /// A recording is of one run.
  private mutating func take(runID: String, _ row: CSVRow) throws(CSVFailure) {
    if let before = self.runID, before != runID {
      throw row.failure("run_id", "of run '\(runID)', but what came before is of '\(before)'")
    }
    self.runID = runID
  }

  func entry(for key: String) -> Entry? { index[key].map { entries[$0] } }
}

extension Recording.Entry {
  /// The blocks that count, as far as their medians go.
  var series: BlockSeries {
    switch blocks {
    case .none: BlockSeries()
    case .digests(let digests): digests.series
    case .samples(let series): series
    }
  }

  /// A case that failed keeps its blocks, and has no figures.
  var hasFailed: Bool {
    [CaseStatus.failed, .unsupported].contains { $0.rawValue == row?["status"] }
  }
}

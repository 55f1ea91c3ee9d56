// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model
import SystemPackage

/// Where a run's results go: the files asked for one by one, and a directory with all of them.
///
/// Every place is opened, or tried, when this is made, so that one which refuses does so before anything is
/// measured. summary.csv, distributions.csv and run.json are replaced as a whole at each publication; blocks.csv and
/// samples.csv grow by whole lines. A kill therefore leaves a valid, partial result. SIGPIPE has to be ignored by the process
/// for a reader that went away to be a failure instead of a death.
public final class RunFiles: RunSink {
  private let runID: String
  private var replaced: [(file: ReplacedFile, format: Format)] = []
  /// Written once, at the end: standard output, devices and pipes cannot be replaced. Held open, because the
  /// reader of a pipe takes the first close for the end.
  private var last: [(file: AppendedFile, format: Format)] = []
  private var blocks: AppendedFile?
  private var samples: [AppendedFile] = []

  private enum Format {
    case summary
    case distributions
    case json

    func bytes(of report: RunReport) throws(SinkFailure) -> [UInt8] {
      switch self {
      case .summary: return SummaryCSV.bytes(of: report)
      case .distributions: return DistributionsCSV.bytes(of: report)
      case .json:
        do { return try RunJSON(report).bytes() } catch { throw SinkFailure("run.json: \(error)") }
      }
    }
  }

  /// Opens everything, and publishes the run in the directory as one that has nothing yet.
  ///
  /// - Parameters:
  ///   - samplesInDirectory: Whether the directory gets a samples.csv as well; it grows by a line a page.
  /// - Throws: One line that names the place, the cause and the remedy. Nothing is left behind then but
  ///   `--samples` files that were emptied.
  public init(
    context: RunContext, summary: Destination? = nil, samples samplesPlace: Destination? = nil,
    json: Destination? = nil, directory: String? = nil, samplesInDirectory: Bool = false
  ) throws(SinkFailure) {
    runID = context.runID
    try Self.refuseDoubles([summary, samplesPlace, json].compactMap { $0 })
    for case (let destination?, let format) in [(summary, Format.summary), (json, Format.json)] {
      switch destination {
      case .standardOutput: last.append((try AppendedFile(standardOutput: []), format))
      case .file(let path):
        if let file = try ReplacedFile(path) {
          replaced.append((file, format))
        } else {
          last.append((try AppendedFile(path: path, header: []), format))
        }
      }
    }
    if let directory { try fill(directory, samples: samplesInDirectory, context: context) }
    switch samplesPlace {
    case .file(let path)?: samples.append(try AppendedFile(path: path, header: SamplesCSV.header))
    case .standardOutput?: samples.append(try AppendedFile(standardOutput: SamplesCSV.header))
    case nil: break
    }
  }

  private static func refuseDoubles(_ destinations: [Destination]) throws(SinkFailure) {
    for (index, destination) in destinations.enumerated() where destinations[..<index].contains(destination) {
      switch destination {
      case .standardOutput:
        throw SinkFailure("standard output can take one of --csv, --samples and --json (name a file instead)")
      case .file(let path):
        throw SinkFailure("\(path): named for two formats (give each a file of its own)")
      }
    }
  }

  /// Creates the directory where it is missing and the files in it; removes what it made if one is refused.
  private func fill(_ directory: String, samples withSamples: Bool, context: RunContext) throws(SinkFailure) {
    var isNew = false
    if let mode = Files.mode(of: directory) {
      guard Files.isDirectory(mode) else {
        throw SinkFailure("\(directory): a file stands there (choose another --output, or remove it)")
      }
      for name in ["run.json", "blocks.csv"] where Files.mode(of: "\(directory)/\(name)") != nil {
        throw SinkFailure(
          "\(directory): already holds a run (\(name)); choose another --output, or remove it")
      }
    } else {
      guard mkdir(directory, 0o777) == 0 else { throw Files.failure(directory, Errno(rawValue: errno)) }
      isNew = true
    }
    do throws(SinkFailure) {
      blocks = try AppendedFile(
        path: "\(directory)/blocks.csv", options: .exclusiveCreate, header: BlocksCSV.header)
      if withSamples {
        samples.append(try AppendedFile(path: "\(directory)/samples.csv", header: SamplesCSV.header))
      }
      let report = RunReport(context: context)
      for (name, format) in [
        ("summary.csv", Format.summary), ("distributions.csv", .distributions), ("run.json", .json),
      ] {
        guard let file = try ReplacedFile("\(directory)/\(name)") else {
          throw SinkFailure("\(directory)/\(name): not a file (choose another --output)")
        }
        try file.replace(with: try format.bytes(of: report))
        replaced.append((file, format))
      }
    } catch {
      if blocks != nil { unlink("\(directory)/blocks.csv") }
      if isNew {
        for name in ["samples.csv", "blocks.csv", "summary.csv", "distributions.csv", "run.json"] {
          unlink("\(directory)/\(name)")
        }
        rmdir(directory)
      }
      throw error
    }
  }

  public func record(_ block: Block) throws(SinkFailure) {
    try blocks?.append(BlocksCSV.bytes(of: block, runID: runID))
    guard !samples.isEmpty, !block.samples.isEmpty else { return }
    let bytes = SamplesCSV.bytes(of: block, runID: runID)
    for file in samples { try file.append(bytes) }
  }

  /// Replaces each file; a file that refuses does not stop the others.
  public func publish(_ report: RunReport) throws(SinkFailure) {
    var first: SinkFailure?
    for (file, format) in replaced {
      do { try file.replace(with: try format.bytes(of: report)) } catch { first = first ?? error }
    }
    if let first { throw first }
  }

  /// Publishes the run for the last time, writes what goes to standard output, and waits for the disk. To be
  /// called once at the end, whatever happened; everything is tried, then the first failure is thrown.
  public func finish(_ report: RunReport) throws(SinkFailure) {
    var first: SinkFailure?
    do { try publish(report) } catch { first = error }
    for file in [blocks].compactMap({ $0 }) + samples {
      do { try file.synchronize() } catch { first = first ?? error }
    }
    for (file, format) in last {
      do { try file.append(try format.bytes(of: report)) } catch { first = first ?? error }
    }
    if let first { throw first }
  }
}

// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model

/// Runs in files, found and put in the order of time before any of them is read as a whole.
public struct RunSearch: Sendable {
  /// Folders and summaries, by the start of their runs; what cannot be read comes first, to be refused by its reader.
  public private(set) var runs: [String] = []
  /// What holds no run, though it looked like one.
  public private(set) var findings: [Finding] = []

  /// These runs, whatever they are.
  public init(runs: [String]) { sort(runs.map { ($0, Self.look(at: $0)) }) }

  /// Every folder below with a summary.csv, and every summary elsewhere that is called `*.csv`. A path that is no
  /// directory is taken as a run. Links to directories are not followed.
  ///
  /// - Throws: `SinkFailure` where a directory cannot be read.
  public init(below places: [String]) throws(SinkFailure) {
    var found: [(path: String, look: Look)] = []
    for place in places {
      if let mode = Files.mode(of: place), Files.isDirectory(mode) {
        try walk(place, &found)
      } else {
        found.append((place, Self.look(at: place)))
      }
    }
    sort(found)
  }

  private enum Look {
    case run(startedAt: String, runID: String)
    case nothing(String)
    case unreadable
  }

  private mutating func walk(_ directory: String, _ found: inout [(path: String, look: Look)])
    throws(SinkFailure)
  {
    let names = try Files.names(in: directory)
    if names.contains("summary.csv") { take(directory, &found) }
    for name in names {
      let path = "\(directory)/\(name)"
      guard let mode = Files.modeOfLink(path) else { continue }
      if Files.isDirectory(mode) {
        try walk(path, &found)
      } else if name.hasSuffix(".csv"), !names.contains("summary.csv") {
        take(path, &found)
      }
    }
  }

  private mutating func take(_ path: String, _ found: inout [(path: String, look: Look)]) {
    let look = Self.look(at: path)
    if case .nothing(let why) = look {
      findings.append(Finding(.note, "\(path): \(why)"))
    } else {
      found.append((path, look))
    }
  }

  private mutating func sort(_ found: [(path: String, look: Look)]) {
    runs = found.map { entry in
      if case .run(let startedAt, let runID) = entry.look { return (startedAt, runID, entry.path) }
      return ("", "", entry.path)
    }
    .sorted(by: <).map(\.2)
  }

  /// Looks at the first row alone.
  private static func look(at path: String) -> Look {
    let isFolder = Files.mode(of: path).map(Files.isDirectory) ?? false
    do {
      var reader = try CSVReader(path: isFolder ? "\(path)/summary.csv" : path)
      guard ["schema", "run_id", "started_at"].allSatisfy(reader.header.contains) else {
        return .nothing("no summary: left out")
      }
      guard let row = try reader.next() else { return .nothing("no row in the summary: left out") }
      return .run(startedAt: row["started_at"], runID: row["run_id"])
    } catch {
      return .unreadable
    }
  }
}

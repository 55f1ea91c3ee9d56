// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import Records
import Testing

@testable import History

@Suite struct DatabaseFileTests {
  private let scratch = Scratch()
  private var path: String { scratch("history.sqlite") }

  /// Nights 1 to 9 in folders of their own, added in the order of time.
  private func makeHistory() throws -> [String] {
    for day in 1...9 { try MadeRun(day: day, kernel: "6.1\(day).0").write(scratch("night-\(day)")) }
    let database = try SeriesDatabase(path, for: .adding)
    for day in 1...9 { try database.add(folder: scratch("night-\(day)")) }
    return try database.dump()
  }

  private func rebuild(_ places: [String]) throws -> String? {
    try SeriesDatabase.rebuild(path) { database in
      for run in try RunSearch(below: places).runs { try database.add(folder: run, isLatest: false) }
    }
  }

  private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: scratch.path).filter { !$0.hasPrefix("night-") }
      .sorted()
  }

  @Test func readingMakesNoDatabase() throws {
    let failure = #expect(throws: HistoryFailure.self) { try SeriesDatabase(path, for: .reading) }
    #expect(failure?.description.contains("no such database") == true)
    #expect(try names().isEmpty)
  }

  @Test func aDatabaseIsOneFileInWALMode() throws {
    _ = try makeHistory()
    let database = try SeriesDatabase(path, for: .adding)
    #expect(try database.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
    #expect(try database.read { try Bool.fetchOne($0, sql: "PRAGMA foreign_keys") } == true)
    #expect(try database.read { try Row.fetchAll($0, sql: "PRAGMA foreign_key_check") }.isEmpty)
    try database.close()
    #expect(try names() == ["history.sqlite"])
  }

  @Test(arguments: ["text", "empty", "foreign", "newer", "truncated"])
  func whatIsNoHistoryIsRefusedAndLeftAlone(kind: String) throws {
    switch kind {
    case "text": try "run_id,case\n".write(toFile: path, atomically: true, encoding: .utf8)
    case "empty": try Data().write(to: URL(fileURLWithPath: path))
    case "foreign":
      try DatabaseQueue(path: path).write {
        try $0.execute(sql: "CREATE TABLE mine (x); INSERT INTO mine VALUES (1)")
      }
    case "newer":
      _ = try makeHistory()
      try DatabaseQueue(path: path).write {
        try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('2 of another')")
      }
    default:
      _ = try makeHistory()
      try bytes(path).prefix(10_000).write(to: URL(fileURLWithPath: path))
    }
    let before = try bytes(path)
    try MadeRun(day: 30).write(scratch("night-30"))
    for access in [SeriesDatabase.Access.reading, .adding] {
      do {
        try SeriesDatabase(path, for: access).add(folder: scratch("night-30"))
        Issue.record("taken")
      } catch let failure as HistoryFailure {
        let advice = kind == "newer" ? "newer version" : "history rebuild DIR --database \(path)"
        #expect(failure.description.contains(advice), "\(failure)")
      }
    }
    #expect(try bytes(path) == before)
    if kind != "truncated" {
      #expect(throws: HistoryFailure.self) { try rebuild([scratch.path]) }
      #expect(try bytes(path) == before)
      #expect(try names() == ["history.sqlite"])
    }
  }

  @Test func rebuildingMakesTheSameDatabase() throws {
    let before = try makeHistory()
    #expect(try rebuild([scratch.path]) == nil)
    #expect(try SeriesDatabase(path, for: .reading).dump() == before)
    try FileManager.default.removeItem(atPath: path)
    #expect(try rebuild([scratch.path]) == nil)
    #expect(try SeriesDatabase(path, for: .reading).dump() == before)
    #expect(try names() == ["history.sqlite"])
    let made = try SeriesDatabase(path, for: .adding)
    #expect(try made.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
  }

  @Test func aDamagedDatabaseIsKeptAside() throws {
    let before = try makeHistory()
    let broken = try bytes(path).prefix(10_000)
    for expected in ["history.sqlite.damaged", "history.sqlite.damaged-2"] {
      try broken.write(to: URL(fileURLWithPath: path))
      #expect(try rebuild([scratch.path]).map { URL(fileURLWithPath: $0).lastPathComponent } == expected)
      #expect(try bytes(scratch(expected)) == broken)
    }
    #expect(try SeriesDatabase(path, for: .reading).dump() == before)
  }

  @Test func rebuildingLosesNoRun() throws {
    let before = try makeHistory()
    try FileManager.default.removeItem(atPath: scratch("night-4"))
    let failure = #expect(throws: HistoryFailure.self) { try rebuild([scratch.path]) }
    #expect(failure?.description.contains("run night-4 on amd-epyc") == true, "\(failure?.description ?? "")")
    #expect(try SeriesDatabase(path, for: .reading).dump() == before)
    #expect(try names() == ["history.sqlite"])
  }

  @Test func whoHasTheOldFileOpenAddsNothingToIt() throws {
    _ = try makeHistory()
    let open = try SeriesDatabase(path, for: .adding)
    // Moved as rebuild does it, which itself refuses while another process has the file open.
    let other = scratch("other.sqlite")
    try SeriesDatabase(other, for: .adding).close()
    #expect(rename(other, path) == 0)
    try MadeRun(day: 30).write(scratch("night-30"))
    let failure = #expect(throws: HistoryFailure.self) { try open.add(folder: scratch("night-30")) }
    #expect(failure?.description.contains("repeat it") == true)
  }

  @Test func aLinkIsFollowed() throws {
    try MadeRun().write(scratch("night-1"))
    try FileManager.default.createSymbolicLink(atPath: scratch("link"), withDestinationPath: path)
    try SeriesDatabase(path, for: .adding).close()
    try SeriesDatabase(scratch("link"), for: .adding).add(folder: scratch("night-1"))
    let link = scratch("link")
    _ = try SeriesDatabase.rebuild(link) { try $0.add(folder: scratch("night-1")) }
    #expect(try SeriesDatabase(path, for: .reading).outlines().count == 3)
    #expect(try names() == ["history.sqlite", "link"])
  }
}

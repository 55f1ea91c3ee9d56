// SPDX-License-Identifier: Apache-2.0
import GRDB
import Glibc

/// The runs of many nights and machines in one SQLite file. The run folders stay the truth: it can be made again from
/// them. Its tables are documented in README.md beside this file.
///
/// Every run is one transaction, so that a kill or a full disk leaves whole runs; several processes may add at once.
public final class SeriesDatabase {
  public enum Access: Sendable {
    /// Of a database that exists.
    case reading
    /// Makes the database where nothing stands at its path.
    case adding
  }

  /// As the user named it.
  public let path: String
  let queue: DatabaseQueue
  private let target: String
  private let identity: DatabaseFile.Identity?

  /// How long to wait for other processes, each of which holds the database for one run.
  private static let patience = 60.0

  /// Opens a database.
  ///
  /// - Throws: ``HistoryFailure`` where the file is not ours, is damaged or was written by a newer version; it is
  ///   left as it is.
  public convenience init(_ path: String, for access: Access) throws {
    let target = DatabaseFile.target(path)
    var content = try DatabaseFile.content(target)
    if content == .absent, access == .adding {
      try Self.create(target)
      content = try DatabaseFile.content(target)
    }
    switch content {
    case .ours: break
    case .absent:
      throw HistoryFailure(
        "\(path): no such database (gmembench history add RUN makes one; --database names another)")
    case .foreign(let what):
      throw HistoryFailure(
        "\(path): \(what), and left as it is; give another --database, or if it was a history, move it away and make "
          + "it again from the run folders: gmembench history rebuild DIR --database \(path)")
    }
    try self.init(opening: target, named: path, for: access)
    try refuseNewer()
    if access == .adding { try HistoryFailure.catching(path) { try Migrations.migrator.migrate(queue) } }
  }

  init(opening target: String, named path: String, for access: Access) throws {
    self.path = path
    self.target = target
    let before = DatabaseFile.Identity(target)
    var configuration = Configuration()
    // Who may not write leaves the log's files behind when he is the last to close.
    configuration.readonly = access == .reading && Glibc.access(target, W_OK) != 0
    configuration.busyMode = .timeout(Self.patience)
    queue = try HistoryFailure.catching(path) {
      try DatabaseQueue(path: target, configuration: configuration)
    }
    identity = before ?? DatabaseFile.Identity(target)
  }

  func refuseNewer() throws {
    let isNewer = try HistoryFailure.catching(path) { try queue.read(Migrations.migrator.hasBeenSuperseded) }
    if isNewer {
      throw HistoryFailure(
        "\(path): a newer version of gmembench wrote this database; use that one, or give another --database")
    }
  }

  /// A database without a run, made under another name so that no other process finds it half made.
  private static func create(_ target: String) throws {
    let temporary = "\(target).\(getpid()).tmp"
    try makeEmpty(temporary, named: target).close()
    _ = try DatabaseFile.publish(temporary, as: target)
  }

  /// WAL is a property of the file and set here alone.
  static func makeEmpty(_ temporary: String, named path: String) throws -> SeriesDatabase {
    unlink(temporary)
    let database = try SeriesDatabase(opening: temporary, named: path, for: .adding)
    try HistoryFailure.catching(path) {
      try database.queue.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA application_id = \(DatabaseFile.applicationID)")
        try db.execute(sql: "PRAGMA journal_mode = WAL")
      }
      try Migrations.migrator.migrate(database.queue)
    }
    return database
  }

  /// One transaction, in which the file is still the one at the path.
  func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
    try HistoryFailure.catching(path) {
      try queue.write { db in
        guard DatabaseFile.Identity(target) == identity else {
          throw HistoryFailure("\(path): another database was put in its place meanwhile; repeat it")
        }
        return try body(db)
      }
    }
  }

  func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
    try HistoryFailure.catching(path) { try queue.read(body) }
  }

  /// Writes everything into the one file and lets go of it.
  func close() throws { try HistoryFailure.catching(path) { try queue.close() } }
}

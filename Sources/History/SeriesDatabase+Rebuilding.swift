// SPDX-License-Identifier: Apache-2.0
import GRDB
import Glibc

extension SeriesDatabase {
  /// Makes a database anew beside the one at the path and puts it in its place at once, when it is whole. What was
  /// acknowledged, which the folders do not know, is taken over unless the old one is damaged.
  ///
  /// - Parameter fill: adds the runs.
  /// - Returns: where a damaged database was moved to; nil where none was.
  /// - Throws: ``HistoryFailure`` where what stands at the path is not ours, or holds runs that the new database does
  ///   not: it is left as it is then.
  public static func rebuild(_ path: String, _ fill: (SeriesDatabase) throws -> Void) throws -> String? {
    let target = DatabaseFile.target(path)
    let content = try DatabaseFile.content(target)
    if case .foreign(let what) = content {
      throw HistoryFailure("\(path): \(what), and left as it is; move it away, or give another --database")
    }
    let temporary = "\(target).\(getpid()).tmp"
    defer { remove(temporary) }
    let made = try makeEmpty(temporary, named: path)
    try fill(made)
    if content == .ours { try made.takeAcknowledgements(from: path) }
    let held = try made.read(contentNames)
    try made.close()
    if content == .ours { return try replace(target, named: path, by: temporary, holding: held) }
    guard try DatabaseFile.publish(temporary, as: target) else {
      throw HistoryFailure("\(path): another process made a database there meanwhile; repeat it")
    }
    return nil
  }

  /// Run ids with their machine keys, and the numbers of acknowledgements.
  private static func contentNames(_ db: Database) throws -> Set<String> {
    try String.fetchSet(db, sql: "SELECT 'run ' || run_id || ' on ' || machine_key FROM runs").union(
      acknowledgements(db).compactMap { one in one.id.map { "acknowledgement \($0)" } })
  }

  private func takeAcknowledgements(from path: String) throws {
    do {
      let old = try SeriesDatabase(path, for: .reading)
      let known = try old.acknowledgements()
      try old.close()
      try acknowledge(known)
    } catch let failure as HistoryFailure where failure.isDamage {
      return
    }
  }

  private static func replace(
    _ target: String, named path: String, by temporary: String, holding held: Set<String>
  ) throws -> String? {
    do {
      let old = try SeriesDatabase(opening: target, named: path, for: .adding)
      try old.refuseNewer()
      try old.giveWay(to: temporary, at: target, holding: held)
      return nil
    } catch let failure as HistoryFailure where failure.isDamage {
      let aside = try moveAside(target)
      guard rename(temporary, target) == 0 else { throw HistoryFailure("\(path): \(DatabaseFile.reason())") }
      return aside
    }
  }

  /// While nobody else has the old file open or can begin with it: its log would be taken for the new one's.
  private func giveWay(to temporary: String, at target: String, holding held: Set<String>) throws {
    try HistoryFailure.catching(path) {
      try queue.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA journal_mode = DELETE")
        do {
          try db.inTransaction(.exclusive) {
            let lost = try Self.contentNames(db).subtracting(held).sorted()
            guard lost.isEmpty else {
              let more = lost.count > 5 ? ", and \(lost.count - 5) more" : ""
              throw HistoryFailure(
                "\(path): left as it is, because it holds what the folders do not: \(lost.prefix(5).joined(separator: ", "))"
                  + "\(more); name their directories too, or another --database")
            }
            guard rename(temporary, target) == 0 else {
              throw HistoryFailure("\(path): \(DatabaseFile.reason())")
            }
            return .rollback
          }
        } catch {
          try? db.execute(sql: "PRAGMA journal_mode = WAL")
          throw error
        }
      }
    }
  }

  /// Keeps a damaged file under a name that is free, its log with it.
  private static func moveAside(_ target: String) throws(HistoryFailure) -> String {
    var aside = "\(target).damaged"
    var number = 1
    while DatabaseFile.Identity(aside) != nil {
      number += 1
      aside = "\(target).damaged-\(number)"
    }
    guard rename(target, aside) == 0 else { throw HistoryFailure("\(target): \(DatabaseFile.reason())") }
    for suffix in ["-wal", "-shm"] { rename(target + suffix, aside + suffix) }
    return aside
  }

  private static func remove(_ temporary: String) {
    for suffix in ["", "-wal", "-shm", "-journal"] { unlink(temporary + suffix) }
  }
}

// SPDX-License-Identifier: Apache-2.0
import GRDB

/// Why the database refused, and what to do. What was in it before is in it still.
public struct HistoryFailure: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String
  /// Whether the file itself is broken.
  let isDamage: Bool

  init(_ description: String, isDamage: Bool = false) {
    self.description = description
    self.isDamage = isDamage
  }

  /// What SQLite says, in words that tell the next action.
  init(_ error: DatabaseError, path: String) {
    let words = error.message ?? error.resultCode.description
    let text =
      switch error.resultCode {
      case .SQLITE_CORRUPT, .SQLITE_NOTADB:
        "the database is damaged (\(words)); make it again from the run folders: "
          + "gmembench history rebuild DIR --database \(path)"
      case .SQLITE_FULL:
        "no space left: this run was not added, and what was there before is kept; free some space and repeat it"
      case .SQLITE_BUSY, .SQLITE_LOCKED:
        "another process holds the database; repeat it when that is done"
      case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN, .SQLITE_AUTH:
        "\(words); SQLite has to write beside the database even to read it: copy it to a directory that you may write "
          + "to, or name another --database"
      case .SQLITE_IOERR:
        "\(words): this run was not added, and what was there before is kept; see to the disk, then repeat it"
      default: "\(words) (SQLite: \(error.resultCode))"
      }
    self.init(
      "\(path): \(text)", isDamage: [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode))
  }

  /// Runs what talks to SQLite.
  static func catching<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let error as DatabaseError { throw HistoryFailure(error, path: path) }
  }
}

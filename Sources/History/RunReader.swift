// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Model
import Records
import Synchronization

/// Reads runs in their order, one ahead of whoever takes them: to read a run takes as long as to store it.
public struct RunReader {
  /// A run and what its reader has to say of it, or why it cannot be read.
  public typealias Outcome = Result<(run: RecordedRun, findings: [Finding]), any Error>

  private var paths: ArraySlice<String>
  private var ahead: Reading?

  /// Begins with the first one.
  public init(_ paths: [String]) {
    self.paths = paths[...]
    ahead = self.paths.popFirst().map(Reading.init)
  }

  /// The next run; nil after the last.
  public mutating func next() -> Outcome? {
    guard let reading = ahead else { return nil }
    let outcome = reading.wait()
    ahead = paths.popFirst().map(Reading.init)
    return outcome
  }

  private final class Reading: Sendable {
    private let path: String
    private let done = DispatchGroup()
    private let outcome = Mutex<Outcome?>(nil)

    init(_ path: String) {
      self.path = path
      DispatchQueue.global().async(group: done) { [self] in
        let read = Self.read(path)
        outcome.withLock { $0 = read }
      }
    }

    func wait() -> Outcome {
      done.wait()
      return outcome.withLock { $0 } ?? Self.read(path)
    }

    private static func read(_ path: String) -> Outcome {
      Outcome {
        let recording = try Recording(path, depth: .everyBlock)
        return (try RecordedRun(recording), recording.findings)
      }
    }
  }
}

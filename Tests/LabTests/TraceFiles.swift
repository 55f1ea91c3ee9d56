// SPDX-License-Identifier: Apache-2.0
import Glibc
import Machine
import Model
import SystemPackage

/// One line into a file of the kernel's.
private func write(_ line: String, to path: String, _ mode: FileDescriptor.OpenOptions = []) throws {
  let file = try FileDescriptor.open(FilePath(path), .writeOnly, options: mode)
  try file.closeAfter { _ = try file.writeAll((line + "\n").utf8) }
}

/// How often the kernel removed, flushed and restored since the owner was made: kprobes on the functions that the
/// lab's kernel keeps visible for this.
struct DirectMapProbes: ~Copyable {
  struct Counts: Equatable {
    var zaps = 0
    var flushes = 0
    var restores = 0
  }

  private static let tracing = "/sys/kernel/tracing/"
  private static let names = ["zap", "flush", "restore"]

  init() throws {
    for name in Self.names {
      let probe = "p:gmembench/\(name) kvm_gmem_\(name)_direct_map"
      try write(probe, to: Self.tracing + "kprobe_events", .append)
    }
    try write("1", to: Self.tracing + "events/gmembench/enable")
  }

  deinit {
    try? write("0", to: Self.tracing + "events/gmembench/enable")
    for name in Self.names { try? write("-:gmembench/\(name)", to: Self.tracing + "kprobe_events", .append) }
  }

  /// Throws where the kernel missed a hit: a count that lost some proves nothing.
  var counts: Counts {
    get throws {
      let path = Self.tracing + "kprobe_profile"
      guard let text = SystemFiles().text(path) else { throw Refusal.failed("\(path) cannot be read") }
      var hits: [Substring: Int] = [:]
      for line in text.split(separator: "\n") {
        let words = line.split(separator: " ")
        guard words.count == 3, let count = Int(words[1]), words[2] == "0" else {
          throw Refusal.failed("\(path): \(line)")
        }
        hits[words[0]] = count
      }
      guard let zaps = hits["zap"], let flushes = hits["flush"], let restores = hits["restore"] else {
        throw Refusal.failed("\(path) lacks a probe: \(text)")
      }
      return Counts(zaps: zaps, flushes: flushes, restores: restores)
    }
  }
}

/// Makes the next removal from the direct map fail with ENOMEM, as one that cannot split a huge entry does.
struct FailingRemoval: ~Copyable {
  private static let folder = "/sys/kernel/debug/fail_function/"
  private static let function = "kvm_gmem_zap_direct_map"

  init() throws {
    try write(Self.function, to: Self.folder + "inject")
    try write(
      "0x" + String(UInt64(bitPattern: Int64(-ENOMEM)), radix: 16),
      to: Self.folder + Self.function + "/retval")
    for (name, value) in [
      ("probability", "100"), ("interval", "1"), ("space", "0"), ("verbose", "0"), ("times", "1"),
    ] {
      try write(value, to: Self.folder + name)
    }
  }

  deinit { try? write("", to: Self.folder + "inject") }

  /// The failure has happened.
  var isSpent: Bool {
    get throws {
      // Attributes of debugfs refuse pread, by which SystemFiles reads.
      let file = try FileDescriptor.open(FilePath(Self.folder + "times"), .readOnly)
      return try file.closeAfter {
        var byte: UInt8 = 0
        return try withUnsafeMutableBytes(of: &byte) { try file.read(into: $0) } == 1
          && byte == UInt8(ascii: "0")
      }
    }
  }
}

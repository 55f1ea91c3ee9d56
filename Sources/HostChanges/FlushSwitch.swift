// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import Model
import SystemPackage

/// The kernel's switch for the flush after a removal from the direct map, held in one state; what it said
/// before is put back when its owner goes, and whatever ends the process (``Journal``).
///
/// A parameter of the lab's kernel and of no other: without the flush, removed pages stay reachable through
/// stale translations, so it is held for one block at a time. One holder in a process, and in the system.
public struct FlushSwitch: ~Copyable {
  /// Where the lab's kernel has it.
  public static let path = "/sys/module/kvm/parameters/guest_memfd_tlb_flush"

  private let file: ControlFile
  /// What to put back: "Y\n" or "N\n", or what else was read.
  private let before: [UInt8]
  private let path: String
  // A number, because what is armed has to go before the file is closed: then another process may take the switch.
  private let slot: Int32

  /// Whether a kernel has the switch and lets this process use it; throws why not.
  public static func check(_ path: String = path) throws(Refusal) {
    _ = try open(path)
  }

  /// Sets the switch until the owner goes.
  public static func holding(_ isOn: Bool, at path: String = path) throws(Refusal) -> FlushSwitch {
    let file = try open(path)
    // Another run's state would be put back after that run has ended.
    guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw .failed("\(path) is held by another process", remedy: "one run at a time")
    }
    let before = try read(file, path)
    let slot = ckernel_restore_arm(path, before, before.count)
    guard slot >= 0 else { throw .failed(call: "holding \(path)", Errno(rawValue: -slot)) }
    // From here on the deinit puts it back.
    let held = FlushSwitch(file, before: before, path: path, slot: slot)
    try held.set(isOn)
    return held
  }

  private init(_ file: consuming ControlFile, before: [UInt8], path: String, slot: Int32) {
    self.file = file
    self.before = before
    self.path = path
    self.slot = slot
  }

  deinit {
    // A failure is for `restore` to say: here nobody listens.
    _ = Self.write(before, to: file)
    ckernel_restore_disarm(slot)
  }

  /// Puts the switch back and says whether that worked.
  public consuming func restore() throws(Refusal) {
    guard Self.write(before, to: file) else {
      throw .failed(call: "putting \(path) back", Errno(rawValue: errno))
    }
  }

  private func set(_ isOn: Bool) throws(Refusal) {
    guard Self.write(Array((isOn ? "Y\n" : "N\n").utf8), to: file) else {
      throw .failed(call: "writing to \(path)", Errno(rawValue: errno))
    }
    guard try Self.read(file, path).first == UInt8(ascii: isOn ? "Y" : "N") else {
      throw .failed("\(path) does not keep what is written to it")
    }
  }

  private static func write(_ bytes: [UInt8], to file: borrowing ControlFile) -> Bool {
    pwrite(file.descriptor, bytes, bytes.count, 0) == bytes.count
  }

  private static func open(_ path: String) throws(Refusal) -> ControlFile {
    do throws(Errno) { return try ControlFile(path) } catch { throw refusal(error, path) }
  }

  private static func refusal(_ error: Errno, _ path: String) -> Refusal {
    let lab = "the lab's kernel has one: scripts/lab/README.md"
    switch error {
    case .noSuchFileOrDirectory:
      return .unsupported("this kernel has no switch for the flush (\(path))", remedy: lab)
    case .permissionDenied, .notPermitted, .readOnlyFileSystem:
      return .unsupported("\(path) is not writable here", remedy: "root, where the kernel allows it; \(lab)")
    default: return .failed(call: "opening \(path)", error)
    }
  }

  private static func read(
    _ file: borrowing ControlFile, _ path: String
  ) throws(Refusal) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 16)
    let number = file.descriptor
    let got = bytes.withUnsafeMutableBytes { pread(number, $0.baseAddress, $0.count, 0) }
    guard got > 0 else { throw .failed(call: "reading \(path)", Errno(rawValue: errno)) }
    return Array(bytes.prefix(got))
  }
}

// SPDX-License-Identifier: Apache-2.0
import CKernel
import CVerification
import Glibc
import Machine
import Model
import SystemPackage

/// What one frame reads as through the kernel's own mapping.
public enum FrameContent: Hashable, Sendable {
  /// The kernel has no entry for it.
  case absent
  /// Zeros of /proc/kcore: no entry, or a page of zeros.
  case zeros
  /// The page's bytes.
  case bytes([UInt8])
}

/// Reads memory through the kernel's own mapping: by /dev/mem or /proc/kcore.
public struct KernelMemoryReader: ~Copyable {
  private let file: KernelFile
  /// nil: /dev/mem, where the physical address is the offset.
  private let kcore: KcoreSegments?
  public let pageBytes: Int

  /// What was opened.
  public var name: String { kcore == nil ? Self.devMem : Self.kcore }

  private static let devMem = "/dev/mem"
  private static let kcore = "/proc/kcore"
  /// What a kernel must be like to let one read its memory.
  public static let remedy =
    "as root, with lockdown off, a kernel with CONFIG_DEVMEM=y and CONFIG_STRICT_DEVMEM=n, or with "
    + "CONFIG_PROC_KCORE=y; scripts/lab/run boots one"

  private init(_ file: consuming KernelFile, kcore: KcoreSegments?, pageBytes: Int) {
    self.file = file
    self.kcore = kcore
    self.pageBytes = pageBytes
  }

  static func open(_ path: String, pageBytes: Int) throws(Errno) -> KernelMemoryReader {
    let file = try KernelFile(path)
    guard path == kcore else { return KernelMemoryReader(file, kcore: nil, pageBytes: pageBytes) }
    let header = try read(file, KcoreSegments.headerBytes)
    guard let length = KcoreSegments.length(ofHeader: header),
      let segments = KcoreSegments(try read(file, length))
    else { throw Errno(rawValue: ENOEXEC) }
    return KernelMemoryReader(file, kcore: segments, pageBytes: pageBytes)
  }

  private static func read(_ file: borrowing KernelFile, _ count: Int) throws(Errno) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let result = ckernel_file_read(file.number, 0, &bytes, count)
    if result < 0 { throw Errno(rawValue: -result) }
    return bytes
  }

  /// The first of the two that shows a page of our own as it is: an open file proves nothing, since both may
  /// hide memory (STRICT_DEVMEM refuses or fills with zeros, kcore fills with zeros).
  public static func open(pageBytes: Int) throws(Refusal) -> KernelMemoryReader {
    let page = UnsafeMutableRawBufferPointer.allocate(byteCount: pageBytes, alignment: pageBytes)
    defer { page.deallocate() }
    for index in page.indices { page[index] = UInt8(truncatingIfNeeded: index % 251 + 1) }
    let control = [UInt8](page)
    guard let base = page.baseAddress else { throw Refusal.unsupported("no memory for a page") }
    let frame = try Pagemap(pageBytes: pageBytes).frame(of: base)
    var refusals: [String] = []
    for path in [devMem, kcore] {
      do throws(Errno) {
        let reader = try open(path, pageBytes: pageBytes)
        if try reader.read(frame: frame) == .bytes(control) { return reader }
        refusals.append("\(path) does not show a page of our own as it is")
      } catch { refusals.append("\(path): \(error)") }
    }
    throw Refusal.unsupported(refusals.joined(separator: "; "), remedy: remedy)
  }

  /// Reads one frame.
  public func read(frame: UInt64) throws(Errno) -> FrameContent {
    let address = frame * UInt64(pageBytes)
    var offset = address
    if let kcore {
      guard let found = kcore.offset(ofPhysical: address) else { throw .noSuchAddressOrDevice }
      offset = found
    }
    var bytes = [UInt8](repeating: 0, count: pageBytes)
    switch ckernel_file_read(file.number, offset, &bytes, pageBytes) {
    case 0: return kcore != nil && !bytes.contains { $0 != 0 } ? .zeros : .bytes(bytes)
    case -Errno.badAddress.rawValue: return .absent
    case let result: throw Errno(rawValue: -result)
    }
  }

  /// Why a scan cannot be had, if it cannot: /proc/kcore shows a page of zeros where nothing is.
  public var scanRefusal: Refusal? {
    guard kcore != nil else { return nil }
    return Refusal.unsupported(
      "only /dev/mem tells a missing page from one of zeros, and here is /proc/kcore alone",
      remedy: "CONFIG_DEVMEM=y and CONFIG_STRICT_DEVMEM=n")
  }

  /// Those of `ranges` frames that the kernel cannot read, each read on its own.
  /// - Parameter isInterrupted: asked now and then; true ends the scan early.
  public func unreadable(
    in ranges: [Range<UInt64>], isInterrupted: () -> Bool
  ) throws(Errno) -> Set<UInt64> {
    if scanRefusal != nil { throw .notSupported }
    let chunk: UInt64 = 1 << 16
    var found = [UInt64](repeating: 0, count: Int(chunk))
    var result: Set<UInt64> = []
    for range in ranges {
      var first = range.lowerBound
      while first < range.upperBound, !isInterrupted() {
        let count = min(chunk, range.upperBound - first)
        let gone = cverification_unreadable_frames(file.number, first, count, pageBytes, &found)
        if gone < 0 { throw Errno(rawValue: Int32(-gone)) }
        result.formUnion(found[..<Int(gone)])
        first += count
      }
    }
    return result
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Where /proc/kcore keeps physical memory: its ELF program headers.
public struct KcoreSegments: Hashable, Sendable {
  public struct Segment: Hashable, Sendable {
    var virtual: UInt64
    var physical: UInt64
    var bytes: UInt64
    var offset: UInt64
  }

  /// In the order of their virtual addresses.
  public let segments: [Segment]

  /// Bytes of the ELF header itself.
  public static let headerBytes = 64

  /// How much of the file the headers take, told by its first `headerBytes`; nil: not a 64-bit ELF file.
  public static func length(ofHeader header: [UInt8]) -> Int? {
    table(header).map { $0.start + $0.count * $0.stride }
  }

  private static func table(_ header: [UInt8]) -> (start: Int, count: Int, stride: Int)? {
    let is64Bit: UInt8 = 2
    guard header.starts(with: [0x7F, 0x45, 0x4C, 0x46, is64Bit]),
      let start = integer(header, at: 32, bytes: 8), let stride = integer(header, at: 54, bytes: 2),
      let count = integer(header, at: 56, bytes: 2), start <= 1 << 20, stride >= 56
    else { return nil }
    return (Int(start), Int(count), Int(stride))
  }

  /// - Parameter bytes: the file's beginning, with all program headers; nil when they are not there.
  public init?(_ bytes: [UInt8]) {
    guard let table = Self.table(bytes), bytes.count >= table.start + table.count * table.stride else {
      return nil
    }
    let isLoaded: UInt64 = 1
    var segments: [Segment] = []
    for index in 0..<table.count {
      let start = table.start + index * table.stride
      guard let type = Self.integer(bytes, at: start, bytes: 4),
        let offset = Self.integer(bytes, at: start + 8, bytes: 8),
        let virtual = Self.integer(bytes, at: start + 16, bytes: 8),
        let physical = Self.integer(bytes, at: start + 24, bytes: 8),
        let size = Self.integer(bytes, at: start + 40, bytes: 8)
      else { return nil }
      // Vmalloc and the like have no one physical address: all ones.
      guard type == isLoaded, physical != .max else { continue }
      segments.append(Segment(virtual: virtual, physical: physical, bytes: size, offset: offset))
    }
    self.segments = segments.sorted { $0.virtual < $1.virtual }
  }

  /// Where in the file a physical address lies. The kernel's image is mapped a second time, above the direct
  /// map on every architecture: the lowest mapping is the one asked about.
  public func offset(ofPhysical address: UInt64) -> UInt64? {
    let segment = segments.first { $0.physical <= address && address - $0.physical < $0.bytes }
    return segment.map { $0.offset + (address - $0.physical) }
  }

  /// Of the machine's own byte order, as kcore is; every one supported is little-endian.
  private static func integer(_ bytes: [UInt8], at start: Int, bytes count: Int) -> UInt64? {
    guard start >= 0, start + count <= bytes.count else { return nil }
    return bytes[start..<start + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

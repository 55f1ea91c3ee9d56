// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model
import SystemPackage
import Testing

@testable import Verification

@Suite("System RAM in /proc/iomem")
struct SystemRAMTests {
  private func frames(_ text: String) -> [Range<UInt64>] { SystemRAM.frames(inText: text, pageBytes: 4096) }

  @Test func rangesAreClippedToWholePages() {
    let text = """
      00000000-00000fff : Reserved
      00001000-0009fbff : System RAM
      0009fc00-000fffff : Reserved
        000f0000-000fffff : System ROM
      00100000-7ffd9fff : System RAM
        01000000-01ffffff : Kernel code
      100000800-1000027ff : System RAM
      """
    #expect(frames(text) == [0x1..<0x9F, 0x100..<0x7FFDA, 0x100001..<0x100002])
  }

  @Test func lessThanAPageIsNone() {
    #expect(frames("00000800-000017fe : System RAM") == [])
    #expect(frames("00000800-00001fff : System RAM") == [1..<2])
  }

  @Test func addressesHiddenFromOthersAreNone() {
    #expect(frames("00000000-00000000 : System RAM\n00000000-00000000 : System RAM\n") == [])
  }

  @Test(arguments: [
    "", "nonsense", ": System RAM", "x-y : System RAM", "1000 : System RAM", "2fff-1000 : System RAM",
    "1000-ffffffffffffffff : System RAM", "1000-1ffffffffffffffff : System RAM",
    "00001000-0009ffff : System RAM of another kind",
  ])
  func whatIsNotARangeIsNone(text: String) { #expect(frames(text) == []) }

  @Test func nestedRangesCount() { #expect(frames("  00001000-00002fff : System RAM") == [1..<3]) }

  @Test func largerPagesClipMore() {
    #expect(SystemRAM.frames(inText: "00001000-0009fbff : System RAM", pageBytes: 65_536) == [1..<9])
  }
}

@Suite("kcore's program headers")
struct KcoreSegmentsTests {
  private struct Header {
    var type: UInt64 = 1
    var offset: UInt64
    var virtual: UInt64
    var physical: UInt64
    var bytes: UInt64
  }

  private func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }

  private func elf(_ headers: [Header]) -> [UInt8] {
    let none = { (count: Int) in [UInt8](repeating: 0, count: count) }
    var bytes: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + none(9)
    bytes += little(4, 2) + little(62, 2) + little(1, 4) + none(8) + little(64, 8) + none(8)
    bytes += none(4) + little(64, 2) + little(56, 2) + little(UInt64(headers.count), 2) + none(6)
    for header in headers {
      bytes += little(header.type, 4) + little(7, 4) + little(header.offset, 8)
      bytes += little(header.virtual, 8) + little(header.physical, 8)
      bytes += little(header.bytes, 8) + little(header.bytes, 8) + none(8)
    }
    return bytes
  }

  private let image = Header(
    offset: 0x7FFF_8100_3000, virtual: 0xFFFF_FFFF_8100_0000, physical: 0x100_0000, bytes: 0x200_0000)
  private let direct = Header(
    offset: 0x880_0010_3000, virtual: 0xFFFF_8880_0010_0000, physical: 0x10_0000, bytes: 0x7FED_A000)
  private let vmalloc = Header(
    offset: 0x4900_0000_3000, virtual: 0xFFFF_C900_0000_0000, physical: .max, bytes: 0x1FFF_FFFF_FFFF)
  private let note = Header(type: 4, offset: 0x1000, virtual: 0, physical: 0, bytes: 0x8000_0000)

  @Test func theDirectMapAnswersAndNotTheKernelsImage() throws {
    let bytes = elf([note, image, vmalloc, direct])
    #expect(KcoreSegments.length(ofHeader: Array(bytes[..<64])) == bytes.count)
    let segments = try #require(KcoreSegments(bytes))
    #expect(segments.segments.count == 2)
    #expect(segments.offset(ofPhysical: 0x10_0000) == 0x880_0010_3000)
    #expect(segments.offset(ofPhysical: 0x123_4000) == 0x880_0010_3000 + 0x113_4000)
  }

  @Test func whatLiesOutsideHasNoPlace() throws {
    let segments = try #require(KcoreSegments(elf([note, direct, vmalloc])))
    #expect(segments.offset(ofPhysical: 0xF_FFFF) == nil)
    #expect(segments.offset(ofPhysical: 0x10_0000 + 0x7FED_9FFF) != nil)
    #expect(segments.offset(ofPhysical: 0x10_0000 + 0x7FED_A000) == nil)
    #expect(segments.offset(ofPhysical: .max) == nil)
  }

  @Test func whatIsNotA64BitELFIsRefused() {
    var wrong = elf([direct])
    wrong[4] = 1
    #expect(KcoreSegments(wrong) == nil)
    #expect(KcoreSegments.length(ofHeader: wrong) == nil)
    #expect(KcoreSegments([]) == nil)
    #expect(KcoreSegments(Array("not an ELF file at all".utf8)) == nil)
    #expect(KcoreSegments(Array(elf([direct]).dropLast())) == nil)
  }
}

@Suite("the kernel's own mapping")
struct KernelMemoryReaderTests {
  /// Either it shows a page of our own, or it says what would let it.
  @Test func itIsProvedOrRefusedWithARemedy() {
    do throws(Refusal) {
      let reader = try KernelMemoryReader.open(pageBytes: 4096)
      #expect(["/dev/mem", "/proc/kcore"].contains(reader.name))
    } catch { #expect(error.remedy != nil) }
  }

  /// A file in the place of /dev/mem, where a page's number is its place.
  @Test func framesAreReadByTheirNumber() throws {
    let file = "/tmp/gmembench-frames-\(getpid())"
    let pages = (0..<3).map { [UInt8](repeating: UInt8($0), count: 4096) }
    let descriptor = try FileDescriptor.open(
      FilePath(file), .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
    defer { unlink(file) }
    try descriptor.closeAfter { _ = try descriptor.writeAll(pages.joined()) }
    let reader = try KernelMemoryReader.open(file, pageBytes: 4096)
    for frame in 0..<3 { #expect(try reader.read(frame: UInt64(frame)) == .bytes(pages[frame])) }
    #expect(try reader.unreadable(in: [0..<3], isInterrupted: { false }).isEmpty)
    // Past the end nothing is told: neither that a page is there nor that it is gone.
    #expect(throws: Errno.self) { try reader.read(frame: 3) }
    #expect(throws: Errno.self) { try reader.unreadable(in: [1..<5], isInterrupted: { false }) }
    #expect(try reader.unreadable(in: [1..<5], isInterrupted: { true }).isEmpty)
  }
}

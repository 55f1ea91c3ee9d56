// SPDX-License-Identifier: Apache-2.0
import Machine
import Testing

@Suite("pagemap entries")
struct PagemapTests {
  @Test func aFrameIsTheLow55Bits() {
    #expect(PagemapEntry(1 << 63 | 1 << 61 | 1 << 55 | 0x12345) == .frame(0x12345))
    #expect(PagemapEntry(1 << 63 | (1 << 55 - 1)) == .frame(1 << 55 - 1))
  }

  @Test func zeroOfAPresentPageIsHidden() { #expect(PagemapEntry(1 << 63) == .hidden) }

  @Test func noPageAndASwappedOneAreAbsent() {
    #expect(PagemapEntry(0) == .absent)
    #expect(PagemapEntry(1 << 62 | 0x12345) == .absent)
  }
}

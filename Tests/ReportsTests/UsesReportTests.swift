// SPDX-License-Identifier: Apache-2.0
import Model
import Reports
import Testing

@Suite("what verify --uses says")
struct UsesReportTests {
  private func report() -> MemoryUseReport {
    let unmapped = UseOutcome.untold(.unsupported("no user mapping"))
    var report = MemoryUseReport()
    report.backings = [.memfd, .memfdSecret, .guestMemfdPrivate]
    report.missing = [(.guestMemfdNoDirectMap, .unsupported("no flag", remedy: "another kernel"))]
    report.rows = [
      UseRow(.emulation, .success([.works, .refused("EFAULT"), .refused("KVM_EXIT_INTERNAL_ERROR")])),
      UseRow(.directRead, .success([.works, .refused("EFAULT"), unmapped]), note: "on ext4"),
      UseRow(.vhost, .failure(.unsupported("no device", remedy: "load it"))),
      UseRow(.lock, .success([.works, .refused("ENOMEM"), unmapped])),
    ]
    return report
  }

  @Test func everyUseItsRowAndEveryReasonOnce() {
    let lines = UsesReport.render(report(), color: false).split(separator: "\n").map(String.init)
    #expect(
      lines.dropFirst() == [
        "                 memfd  memfd_secret (proxy)  guest_memfd_private",
        "  KVM emulation  works  EFAULT                KVM_EXIT_INTERNAL_ERROR",
        "  O_DIRECT read  works  EFAULT                -",
        "  vhost          unsupported: no device (load it)",
        "  mlock          works  ENOMEM                -",
        "O_DIRECT read, mlock of guest_memfd_private: unsupported: no user mapping",
        "O_DIRECT read: on ext4",
        "guest_memfd_no_direct_map: unsupported: no flag (another kernel)",
      ])
  }

  @Test func aReportThatTellsNothingSaysSo() {
    var empty = report()
    #expect(empty.showsAnything)
    empty.rows = [
      UseRow(.vhost, .failure(.unsupported("no device"))),
      UseRow(.lock, .success([.untold(.unsupported("no"))])),
    ]
    #expect(!empty.showsAnything)
  }

  @Test func colourIsEmphasisAlone() {
    let plain = UsesReport.render(report(), color: false)
    #expect(!plain.contains("\u{1B}"))
    let colored = UsesReport.render(report(), color: true)
    #expect(
      colored.replacing("\u{1B}[1m", with: "").replacing("\u{1B}[2m", with: "").replacing(
        "\u{1B}[0m", with: "") == plain)
  }
}

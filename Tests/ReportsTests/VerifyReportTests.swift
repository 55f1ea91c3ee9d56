// SPDX-License-Identifier: Apache-2.0
import Model
import Reports
import Testing

@Suite("what verify says")
struct VerifyReportTests {
  private func report() -> DirectMapReport {
    var report = DirectMapReport(memoryFile: "/dev/mem", flushes: true)
    report.scan = .init(frames: 524_158, before: 0, after: 1)
    report.rows = [
      DirectMapRow(
        .guestMemfdNoDirectMap,
        .success([
          DirectMapObservation(.allocated, frames: 64, gone: 64),
          DirectMapObservation(.faulted, frames: 64, gone: 64),
          DirectMapObservation(.closed, frames: 64, gone: 0, unclear: 3),
        ]), flushes: true),
      DirectMapRow(.memfd, .success([DirectMapObservation(.faulted, frames: 64, gone: 64)]), flushes: true),
      DirectMapRow(
        .memfdSecret, .failure(.unsupported("memfd_secret is switched off", remedy: "boot otherwise")),
        flushes: true),
    ]
    report.flushObservations = .success([
      FlushObservation(isOn: true, frames: 64, readable: 0),
      FlushObservation(isOn: false, frames: 64, readable: 60),
    ])
    return report
  }

  @Test func everyStepItsCountAndEveryBackingItsVerdict() {
    let text = VerifyReport.render(report(), color: false)
    #expect(text.contains("RAM scanned: 524,158 frames, 0 unreadable before, 1 after"))
    #expect(text.contains("64/64"))
    #expect(text.contains("0/64 ?3"))
    #expect(
      text.contains(
        "guest_memfd_no_direct_map: removed at the fallocate, whether it came back after the free cannot be told: ok"
      ))
    #expect(text.contains("NOT WHAT IT CLAIMS"))
    #expect(text.contains("unsupported: memfd_secret is switched off (boot otherwise)"))
    #expect(text.contains("flush off: 60 of 64"))
    #expect(!text.contains("\u{1B}"))
  }

  @Test func colourIsEmphasisAlone() {
    let colored = VerifyReport.render(report(), color: true)
    #expect(colored.contains("\u{1B}[1mNOT WHAT IT CLAIMS\u{1B}[0m"))
  }
}

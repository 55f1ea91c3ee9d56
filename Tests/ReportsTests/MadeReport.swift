// SPDX-License-Identifier: Apache-2.0
import Model
import Statistics

/// A made-up run whose figures are easy to check by head: a page of 1,000 ns makes a GiB of 0.262144 s.
struct MadeReport {
  var report: RunReport

  init(pageBytes: Int = 4096, held: [Int] = [1]) {
    report = RunReport(
      context: RunContext(
        runID: "r", startedAt: "2026-11-24T12:00:00Z", version: "0.1.0",
        fingerprint: Fingerprint(
          cpuModel: "AMD EPYC", cpuFamilyModelStepping: "25.17.1", architecture: "x86_64", cpus: 2, nodes: 1,
          memoryGib: 24, hypervisor: "kvm", kernelRelease: "6.18.44", kernelVersion: "#1 SMP"),
        planName: "quick", seed: 7, precision: 0.02, budget: 30,
        clock: ClockDescription(name: "tsc", ticksPerNanosecond: 2.6, callOverhead: 18, pageOverhead: 9.5),
        measuringCPU: 0, heldCPUs: CPUSet(held), onlineCPUs: CPUSet([0] + held), pages: 512,
        pageBytes: pageBytes))
    report.isComplete = true
    report.elapsed = 28.44
  }

  static func point(
    _ name: String, _ backing: Backing, _ others: OthersState = .spin, threads: Int = 1
  ) -> Case {
    let words = name.split(separator: " ")
    return Case(String(words[0]), String(words[1]), backing, pages: 512).with {
      ($0.threads, $0.others) = (threads, others)
    }
  }

  /// A measured arm; without a shift it is the baseline.
  mutating func measured(
    _ name: String, _ backing: Backing, _ others: OthersState = .spin, value: Double, shift: Double? = nil,
    baseline: Backing = .guestMemfd, finite: Bool = true, status: CaseStatus = .ok
  ) {
    var summary = Summary(
      Self.point(name, backing, others), axis: .backing, unit: .nanoseconds, method: "timed loop",
      pageBytes: report.context.pageBytes)
    summary.status = status
    summary.estimates.blocks = 8
    summary.estimates.samples = Distribution([value, value, value])
    summary.estimates.medianInterval = Interval(low: value * 0.97, high: value * 1.03)
    if let shift {
      summary.baseline = Self.point(name, baseline, others)
      let ratio = value / (value - shift)
      let difference = LocationEstimate(
        value: shift, interval: finite ? Interval(low: shift - 10, high: shift + 20) : .unbounded)
      summary.meanShift = difference
      summary.estimates.effect = Effect(
        shift: difference,
        ratio: LocationEstimate(
          value: ratio, interval: finite ? Interval(low: ratio - 0.02, high: ratio + 0.03) : .unbounded),
        isPaired: true)
    }
    report.summaries.append(summary)
  }

  /// An arm without a figure.
  mutating func refused(
    _ name: String, _ backing: Backing, _ reason: String, status: CaseStatus = .unsupported
  ) {
    var summary = Summary(
      Self.point(name, backing), axis: .backing, unit: .nanoseconds, method: "", pageBytes: 4096)
    summary.status = status
    summary.reason = reason
    report.summaries.append(summary)
  }
}

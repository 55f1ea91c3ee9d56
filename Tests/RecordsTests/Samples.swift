// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model
import Statistics

@testable import Records

/// Made-up results.
enum Made {
  static let context = RunContext(
    runID: "20261124T120000Z-7", startedAt: "2026-11-24T12:00:00Z", version: "0.1.0",
    fingerprint: Fingerprint(
      cpuModel: "AMD EPYC", cpuFamilyModelStepping: "25.17.1", architecture: "x86_64", cpus: 2, nodes: 1,
      memoryGib: 24, hypervisor: "kvm", kernelRelease: "6.18.44", kernelVersion: "#1 SMP",
      mitigations: ["spec_store_bypass": "Vulnerable"]),
    planName: "quick", seed: 7, precision: 0.02, budget: 30,
    clock: ClockDescription(name: "tsc", ticksPerNanosecond: 2.6, callOverhead: 18, pageOverhead: 9.5),
    measuringCPU: 0, heldCPUs: CPUSet([1]), onlineCPUs: CPUSet([0, 1]), pages: 512, pageBytes: 4096)

  static func point(_ backing: Backing = .guestMemfd) -> Case {
    Case("fault-in", "touch", backing, pages: 512).with { $0.others = .spin }
  }

  static func summary(_ backing: Backing = .memfdSecret, samples: [Double] = [1, 2, 3]) -> Summary {
    var summary = Summary(
      point(backing), axis: .backing, unit: .nanoseconds, method: "timed loop", pageBytes: 4096)
    summary.status = .ok
    summary.estimates.blocks = 3
    summary.estimates.samples = Distribution(samples)
    summary.estimates.medianInterval = Interval(low: 1.5, high: .infinity)
    summary.baseline = point()
    summary.estimates.effect = Effect(
      shift: LocationEstimate(value: -1e-7, interval: .unbounded),
      ratio: LocationEstimate(value: 0.9, interval: Interval(low: 0.8, high: 1)), isPaired: true)
    summary.counters = Counters(level2Splits: 4, calInterrupts: [10, 2], contextSwitches: -1)
    return summary
  }

  static func report(_ summaries: [Summary] = [summary()]) -> RunReport {
    var report = RunReport(context: context)
    report.summaries = summaries
    return report
  }

  static func block(_ number: Int = 0, samples: [Double] = [1.25, -3, 1e-7, .infinity]) -> Block {
    Block(
      measuredCase: point(), number: number,
      place: BlockPlace(round: 1, pass: 3, probes: Probes(interrupt: 9000.5, memory: 100)), position: 2,
      elapsed: 1.5, status: .invalid("a, \"b\"\nc"),
      samples: samples, placement: .misplaced(3),
      counters: Counters(
        level2Splits: 1, calInterrupts: [5, 6], minorFaults: 512,
        hardware: HardwareCounts(cyclesKernel: 512_000, dtlbMisses: 768)), faultsTaken: nil, gaps: 7,
      stolen: 1234.5,
      bystanders: Bystanders(
        cpus: CPUSet([1, 3]), stolen: [1000, 234.5], gaps: [1, 2, 3],
        walks: .init(calm: 4, calmTime: 40, refilling: 2, refillingTime: 23)),
      directMap: DirectMapChange(
        before: DirectMapSizes(kib4: 0), after: DirectMapSizes(kib4: 4096, mib2: 8192), level2Splits: 1,
        tableBytes: 4096),
      detail: MethodDetail(.probes(subtracted: 250), fault: 12_000.5, added: -3),
      concurrency: Concurrency([1000.0, 1250].map { .init(begin: 0, end: 256 * $0, pages: 256, mean: $0) }))
  }
}

/// A directory of its own for each test, gone afterwards.
final class Scratch {
  let path: String

  init() {
    var template = Array("/tmp/gmembench-records-XXXXXX".utf8CString)
    path = mkdtemp(&template).map { String(cString: $0) } ?? "/nonexistent"
  }

  deinit {
    for name in names {
      for inner in Self.names(in: "\(path)/\(name)") { unlink("\(path)/\(name)/\(inner)") }
      unlink("\(path)/\(name)")
      rmdir("\(path)/\(name)")
    }
    rmdir(path)
  }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  var names: [String] { Self.names(in: path) }

  static func names(in path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  static func text(_ path: String) throws -> String { String(decoding: try Files.read(path), as: UTF8.self) }
}

// SPDX-License-Identifier: Apache-2.0
import GuestMemory
import Harness
import Model

/// tlb-flush states and targets: the host's first touch as a curve over the CPUs that a kernel-range flush must reach.
///
/// Such a flush reaches every online CPU, whatever it does, so two questions are kept apart: what the *state* of the
/// others changes (`states`: 0, 1, 2, … of them busy, the rest idle), and what their *number* does (`targets`: 1, 2,
/// 4, … CPUs online). Beside each arm that removes stands the same memory without the removal, under the same busy
/// CPUs: what those book there is not the flush's. Busy CPUs run processes (CHelpers' bystander.h): in user space, in
/// system calls, walking a working set, which tells what a flush leaves behind for them to fetch again, and running
/// a vCPU each, of a machine of its own that has none of the memory under test.
///
/// How it can mislead: CPUs go online and offline in the order of their numbers, and are made busy so, so that a
/// point may have other distances, siblings and frequencies than the one before. Idle CPUs may poll, and then take a
/// flush without an interrupt. In counted instructions `targets` is the work of all CPUs for a fault, not how long it
/// takes.
enum FlushTargets {
  private static let backings = Backing.removingAndCounterparts.filter(\.isMappable)

  static let operations: [MeasuredOperation] = [
    MeasuredOperation(
      OperationSpec(
        benchmark: TLBFlush.benchmark, name: "states",
        summary:
          "the first touch beside 0, 1, 2, … busy CPUs, the rest idle, and what is taken from each of them",
        method: "chained stamps", armAxis: .busy, others: [.idle], backings: backings,
        tier: .detail, faultsPagesIn: true, expects: Expectation(host: .onePerPage), isPathLength: false),
      requirement: needsBusyCPUs, measure: touch),
    MeasuredOperation(
      OperationSpec(
        benchmark: TLBFlush.benchmark, name: "targets",
        summary: "the first touch with 1, 2, 4, … CPUs online, and what is taken from each of the others",
        method: "chained stamps", armAxis: .online, backings: backings, tier: .detail,
        faultsPagesIn: true, expects: Expectation(host: .onePerPage)), requirement: needsOnlineCPUs,
      measure: touch),
  ]

  private static func touch(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> BlockReading {
    let subject = try BlockMemory(measured, context)
    let touched = try context.timedTouch(subject.base, measured)
    // Under a clock that all CPUs share, a gap is another CPU's turn. The lengths of gaps are kept for a while alone.
    let bystanders = context.clock.countsInstructions ? nil : context.timed.bystanders(touched.counted)
    var reading = touched.reading(try subject.placed(measured, context), context)
    reading.bystanders = bystanders
    return reading
  }

  private static func needsBusyCPUs(_ measured: Case, _ context: MeasuringContext) -> Refusal? {
    if let refusal = Catalogue.needsBystander(measured, context) { return refusal }
    guard let busy = measured.busy else { return nil }
    if busy.state == .vcpu {
      if let refusal = Guest.refusal(context.kvm) { return refusal }
      guard context.clock.isCounter else {
        return .unsupported("a guest counts its gaps by the CPU's counter alone", remedy: "--clock tsc")
      }
    }
    let found = context.cpus.roles(of: measured).busy(in: measured).cpus.count
    guard found < busy.count else { return nil }
    let place = busy.node.map { " on node \($0)" } ?? ""
    return .unsupported("\(busy.count) CPUs to keep busy are not to be had\(place): \(found) can be held")
  }

  private static func needsOnlineCPUs(_ measured: Case, _ context: MeasuringContext) -> Refusal? {
    if let refusal = context.cpus.hotplugRefusal(least: 2) { return refusal }
    if context.cpus.roles(of: measured).online(in: measured) == nil {
      return .unsupported(
        "\(measured.online ?? 0) online CPUs are not to be had: CPU \(context.cpus.measuring) measures, and others stay",
        remedy: "--cpu 0, where CPU 0 cannot go offline")
    }
    guard measured.busy != nil else { return nil }
    guard !context.clock.countsInstructions else {
      return .unsupported("counted instructions say nothing of gaps: all CPUs share the count")
    }
    return needsBusyCPUs(measured, context)
  }
}

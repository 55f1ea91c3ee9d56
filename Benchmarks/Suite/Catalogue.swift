// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import GuestMemory
import Harness
import HostChanges
import Machine
import Model

/// Every operation of the suite, and what an arm must show before it is measured.
public enum Catalogue {
  public static let operations: [MeasuredOperation] =
    (FaultIn.operations + [ReadAhead.host] + GuestFault.operations + [ReadAhead.guest] + Free.operations
    + TLBFlush.operations
    + FlushCost.operations + FlushTargets.operations + Aftermath.operations).map(\.holdingDirectMap)

  /// What there is to say of each.
  public static let specs = operations.map(\.spec)

  /// What a reference names; nil where it is none of these.
  public static func operation(_ reference: OperationReference) -> MeasuredOperation? {
    operations.first {
      ($0.spec.benchmark, $0.spec.name, $0.spec.method)
        == (reference.benchmark, reference.name, reference.method)
    }?.adapted(to: reference)
  }

  public static var benchmarks: [String] {
    specs.map(\.benchmark).reduce(into: []) { if $0.last != $1 { $0.append($1) } }
  }

  /// The methods of operations that have several.
  public static let methods: [String] = specs.filter { spec in
    specs.contains {
      $0.benchmark == spec.benchmark && $0.name == spec.name && $0.method != spec.method
    }
  }.map(\.method)

  /// Why the machine lacks what an operation requires beside the backing, if it does; of several ways of doing it, why
  /// it lacks each.
  static func requirement(of spec: OperationSpec, _ measured: Case, _ context: MeasuringContext) -> Refusal? {
    let ways = spec.reference.ways
    let refusals = ways.compactMap { way in
      operation(way).flatMap { operation in
        let isServed = ways.count == 1 || operation.spec.backings.contains(measured.backing)
        return isServed ? operation.requirement(measured, context).map { (way.method, $0) } : nil
      }
    }
    guard ways.count > 1 else { return refusals.first?.1 }
    return .unsupported(refusals.map { "\($0): \($1)" }.joined(separator: "; "))
  }

  /// Proves what an arm is, on one page of it, or says why it cannot be measured here.
  public static func identify(
    _ spec: OperationSpec, _ measured: Case, _ context: MeasuringContext
  ) throws(Refusal) -> ArmIdentity {
    let pages = max(measured.pages / spec.pagesPerBackingPage, 1)
    var identity = try available(measured.backing, bytes: pages * context.pageBytes, context)
    // A row that says `spin` had spinners.
    if measured.others == .spin, let refusal = needsBystander(measured, context) { throw refusal }
    if measured.others == .poll, let refusal = IdleStatesOff.refusal() { throw refusal }
    if let refusal = context.cpus.siblingRefusal(of: measured) { throw refusal }
    if let refusal = requirement(of: spec, measured, context) { throw refusal }
    if let refusal = Threads.refusal(measured, context) { throw refusal }
    let notes = [identity.note, Threads.note(measured, context)].compactMap { $0 }
    identity.note = notes.isEmpty ? nil : notes.joined(separator: "; ")
    guard spec.isPathLength && measured.threads == 1 || !context.clock.countsInstructions else {
      throw .unsupported(
        "counted instructions say nothing of what waits, or happens on other CPUs: all CPUs share the count"
      )
    }
    guard !measured.backing.isPrivate else { return identity }
    if measured.backing.isHuge { try proveHuge(measured.backing, context) }
    let subject = try BlockMemory(measured.backing, bytes: context.pageBytes, context)
    switch subject.region {
    case .some(let region): try DirectMapState.prove(measured.backing, on: region)
    case .none: break
    }
    return identity
  }

  /// One touch must bring a whole huge page in: the setting alone does not tell (PR_SET_THP_DISABLE, settings by
  /// size, fragmented memory).
  private static func proveHuge(_ backing: Backing, _ context: MeasuringContext) throws(Refusal) {
    let subject = try BlockMemory(backing, bytes: hugePageBytes, context)
    let base = try subject.base
    try check(ckernel_touch(base, context.pageBytes, 1), "touching a huge page")
    var present = [UInt8](repeating: 0, count: hugePageBytes / context.pageBytes)
    try check(mincore(base, hugePageBytes, &present) == 0 ? 0 : -errno, "mincore")
    guard present.allSatisfy({ $0 & 1 == 1 }) else {
      throw .unsupported(
        "madvise(MADV_HUGEPAGE) gives no huge page to this process",
        remedy: "check prctl(PR_GET_THP_DISABLE), /sys/kernel/mm/transparent_hugepage, and fragmentation")
    }
  }

  static func needsBystander(_ measured: Case, _ context: MeasuringContext) -> Refusal? {
    guard context.cpus.roles(of: measured).held.isEmpty else { return nil }
    return .unsupported(
      "no other CPU can be held beside CPU \(context.cpus.measuring)",
      remedy: "two allowed CPUs that are not SMT siblings, and a CPU quota of at least two")
  }

  /// Whether the machine offers a backing.
  static func available(
    _ backing: Backing, bytes: Int, _ context: MeasuringContext
  ) throws(Refusal) -> ArmIdentity {
    let offer = try context.memory.offer(of: backing, bytes: bytes, architecture: context.architecture) {
      SystemFiles().text($0)
    }
    let note: String? =
      if backing.isHuge {
        "per 4 KiB: the touches of one huge page (in random order: of the region) are one sample, "
          + "divided among them"
      } else if backing.isPrivate {
        "the capability alone vouches for this arm: no user mapping to try"
      } else { nil }
    return ArmIdentity(abi: offer?.dialect, guestMemfdFlags: offer?.flags, note: note)
  }
}

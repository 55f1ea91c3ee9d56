// SPDX-License-Identifier: Apache-2.0
import CKernel
import Model

/// Which clock the caller asks for.
public enum ClockChoice: String, CaseIterable, Codable, Sendable {
  /// The CPU's counter where it says that it is invariant, else CLOCK_MONOTONIC_RAW.
  case auto
  /// The CPU's counter, for machines that are known to have a good one and do not say so.
  case tsc
  /// CLOCK_MONOTONIC_RAW.
  case monotonic
  /// The CPU's counter, under an emulator that advances it by one for each instruction that any CPU executes.
  case instructions
}

/// The clock of a run: what its ticks are worth and what reading it costs.
public struct MeasuringClock: Sendable {
  public let kind: ckernel_clock
  /// Why it is that one.
  private let reason: String
  /// Ticks are instructions: values are path lengths, over all CPUs.
  public let countsInstructions: Bool
  /// Ticks of `kind` per nanosecond; 1 where they are instructions.
  public let ticksPerNanosecond: Double
  /// The CPU counter's ticks per nanosecond, in which the guest logs; nil without a counter.
  public let counterTicksPerNanosecond: Double?
  /// Least distance of an empty pair, ticks: subtracted once from a call timed alone.
  public let callOverheadTicks: UInt64
  /// The same with the CPU's counter, as the guest logs whatever the host's clock is; 0 without a counter.
  public let counterOverheadTicks: UInt64
  /// Least distance of two stamps of an empty chained loop, ticks: subtracted once from each page.
  public let pageOverheadTicks: UInt64

  private static let overheadRounds = 100_000

  /// Which clock `choice` means here, and why.
  public static func chosen(
    _ choice: ClockChoice, hasInvariantCounter: Bool?
  ) throws(Refusal) -> (kind: ckernel_clock, reason: String) {
    let hasCounter = ckernel_clock_counter_name().pointee != 0
    guard hasCounter || (choice != .tsc && choice != .instructions) else {
      throw .failed("this architecture has no counter that user space can read", remedy: "--clock monotonic")
    }
    switch choice {
    case .tsc, .instructions: return (CKERNEL_CLOCK_COUNTER, "--clock \(choice.rawValue)")
    case .monotonic: return (CKERNEL_CLOCK_MONOTONIC, "--clock monotonic")
    case .auto where !hasCounter:
      return (CKERNEL_CLOCK_MONOTONIC, "this architecture has no counter that user space can read")
    case .auto where hasInvariantCounter == true:
      return (CKERNEL_CLOCK_COUNTER, "the CPU says that its counter is invariant")
    case .auto: return (CKERNEL_CLOCK_MONOTONIC, "the CPU does not say that its counter is invariant")
    }
  }

  /// - Parameters:
  ///   - reason: why it is that one, for run.json.
  ///   - calibration: nanoseconds to compare the counter with CLOCK_MONOTONIC_RAW for.
  ///   - pageOverhead: measures the chained loop's empty distance with the clock given.
  public init(
    _ kind: ckernel_clock, reason: String = "", countsInstructions: Bool = false,
    calibration: UInt64 = 100_000_000,
    pageOverhead: (ckernel_clock) -> UInt64
  ) {
    var rate = 1.0
    let hasCounter = countsInstructions || ckernel_clock_calibrate(calibration, &rate) == 0
    self.countsInstructions = countsInstructions
    self.kind = kind
    self.reason = reason
    ticksPerNanosecond = kind == CKERNEL_CLOCK_COUNTER ? rate : 1
    counterTicksPerNanosecond = hasCounter ? rate : nil
    callOverheadTicks = ckernel_clock_pair_overhead(kind, Self.overheadRounds)
    counterOverheadTicks =
      hasCounter ? ckernel_clock_pair_overhead(CKERNEL_CLOCK_COUNTER, Self.overheadRounds) : 0
    pageOverheadTicks = pageOverhead(kind)
  }

  public var isCounter: Bool { kind == CKERNEL_CLOCK_COUNTER }

  private var name: String {
    if countsInstructions { return ClockChoice.instructions.rawValue }
    return isCounter ? String(cString: ckernel_clock_counter_name()) : ClockChoice.monotonic.rawValue
  }

  public var description: ClockDescription {
    ClockDescription(
      name: name, reason: reason,
      ticksPerNanosecond: ticksPerNanosecond,
      callOverhead: Double(callOverheadTicks) / ticksPerNanosecond,
      pageOverhead: Double(pageOverheadTicks) / ticksPerNanosecond)
  }
}

// SPDX-License-Identifier: Apache-2.0
import Statistics

/// What became of a case.
public enum CaseStatus: String, Codable, Sendable {
  case ok
  /// The reason names the unmet requirement.
  case unsupported
  /// The precision was not reached.
  case unstable
  /// Interrupted.
  case partial
  case failed
}

/// One row: all that is known of one case.
public struct Summary: Sendable {
  public var measuredCase: Case
  /// In what this case differs from its baseline.
  public var armAxis: ArmAxis
  public var abi: Dialect?
  /// GUEST_MEMFD_FLAG_*; nil where the backing is no guest_memfd.
  public var guestMemfdFlags: UInt64?
  public var pageBytes: Int
  public var placement: Placement?
  /// What the counters show.
  public var flush: FlushState?
  /// How the flush reached the other CPUs, where one is due.
  public var mechanism: FlushMechanism?
  /// How the value was obtained.
  public var method: String
  public var unit: SampleUnit
  /// What the method says beside the samples, over all blocks; nil until the run ends.
  public var detail: MethodDetail?
  public var status: CaseStatus
  /// Why a case has no figure, or what its figure rests on.
  public var reason: String?
  /// Blocks that count in which huge direct-map entries were split; nil where the kernel does not count those.
  public var splittingBlocks: Int?
  /// Blocks recorded as invalid.
  public var invalidBlocks: Int
  /// The row's figures.
  public var estimates: Estimates
  /// How much the mean exceeds the baseline's, in the case's unit; nil until the run ends.
  public var meanShift: LocationEstimate?
  /// Against the same case with memory of the CPU's own node, of the same rounds; nil for that one, and until the run
  /// ends.
  public var localEffect: Effect?
  /// What its number of threads comes to; nil where the run compares none with another, and until it ends.
  public var scaling: Scaling?
  /// What the effect is against.
  public var baseline: Case?
  /// Sums over the valid blocks.
  public var counters: Counters
  public var faultsTaken: UInt64?
  /// Sums over the valid blocks; nil where no bystander spun.
  public var gaps: UInt64?
  /// Time stolen from all bystanders over the valid blocks, ns.
  public var stolen: Double?
  /// What the busy CPUs say one by one over the valid blocks, where the operation asks them.
  public var bystanders: BystanderFigures?

  /// A case without any block yet.
  public init(_ measuredCase: Case, axis: ArmAxis, unit: SampleUnit, method: String, pageBytes: Int) {
    self.measuredCase = measuredCase
    self.armAxis = axis
    self.pageBytes = pageBytes
    self.method = method
    self.unit = unit
    status = .partial
    invalidBlocks = 0
    estimates = Estimates()
    counters = .none
  }
}

extension Summary {
  /// Whether there is something measured to show. An interrupted case has what its blocks gave.
  public var hasFigure: Bool {
    switch status {
    case .ok, .unstable, .partial: blocks > 0 && samples.count > 0
    case .unsupported, .failed: false
    }
  }
  /// Blocks that count.
  public var blocks: Int { estimates.blocks }
  /// All samples of those blocks, pooled.
  public var samples: Distribution { estimates.samples }
  /// Interval of the median, from the blocks' medians.
  public var medianInterval: Interval? { estimates.medianInterval }
  /// Against `baseline`.
  public var effect: Effect? { estimates.effect }
}

// SPDX-License-Identifier: Apache-2.0

/// What one block came to: made once, by what measured it.
public struct BlockReading: Codable, Sendable {
  /// When it was begun, in nanoseconds of CLOCK_MONOTONIC_RAW.
  public var startedAt: UInt64 = 0
  /// One value per timed call, per page (or per VM), in the case's unit.
  public var samples: [Double]
  /// What was counted around the timed regions.
  public var counters: Counters
  public var placement: Placement
  /// Who had the frames of its memory before; nil where the process cannot see frames.
  public var frames: BlockFrames?
  /// Frames that no recent block had were freed for it to take.
  public var takesKeptFrames = false
  /// KVM's own count of guest faults; nil unless a guest is timed.
  public var faultsTaken: UInt64?
  /// Of the same, those that KVM fixed; nil unless a guest is timed.
  public var faultsFixed: UInt64?
  /// Calls of the kernel's flush in what is timed; nil unless they are probed.
  public var flushes: Int?
  /// Host faults of filling the memory outside the timed region; nil unless the operation does so.
  public var faultsUntimed: Int64?
  /// Interruptions that the bystanders counted, over all of them; nil where none was busy.
  public var gaps: UInt64?
  /// Time that those took, ns; nil where none was busy.
  public var stolen: Double?
  /// What the busy CPUs say one by one; nil unless the operation asks them.
  public var bystanders: Bystanders?
  /// The direct map that the block's memory was laid out in; nil unless the operation lays it out before.
  public var directMap: DirectMapChange?
  /// What the method says beside the samples.
  public var detail: MethodDetail?
  /// What several threads came to.
  public var concurrency: Concurrency?
  /// Why the block is not a result: the first reason found.
  public private(set) var invalid: String?

  public init(samples: [Double], counters: Counters, placement: Placement) {
    self.samples = samples
    self.counters = counters
    self.placement = placement
  }

  /// The same with what was counted around another part of the block; samples stay its own.
  public func adding(_ part: BlockReading) -> BlockReading {
    var whole = self
    whole.counters += part.counters
    if let gaps = part.gaps { whole.gaps = (whole.gaps ?? 0) + gaps }
    if let stolen = part.stolen { whole.stolen = (whole.stolen ?? 0) + stolen }
    whole.invalidate(part.invalid)
    return whole
  }

  /// Marks the block as recorded but no result; nil changes nothing.
  public mutating func invalidate(_ reason: String?) {
    if invalid == nil { invalid = reason }
  }
}

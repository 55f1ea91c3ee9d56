// SPDX-License-Identifier: Apache-2.0

/// What one block came to.
public struct BlockReading: Codable, Sendable {
  /// When it was begun, in nanoseconds of CLOCK_MONOTONIC_RAW.
  public var startedAt: UInt64 = 0
  /// Frames of its memory that this process had not seen before; nil where it cannot see frames.
  public var newFrames: Int?
  public var samples: [Double] = []
  public var placement = Placement.unknown
  public var counters = Counters.none
  public var faultsTaken: UInt64?
  /// Of the same, those that KVM fixed; nil unless a guest is timed.
  public var faultsFixed: UInt64?
  /// Calls of the kernel's flush in what is timed; nil unless they are probed.
  public var flushes: Int?
  /// Host faults of filling the memory outside the timed region; nil unless the operation does so.
  public var faultsUntimed: Int64?
  public var gaps: UInt64?
  public var stolen: Double?
  /// What the busy CPUs say one by one; nil unless the operation asks them.
  public var bystanders: Bystanders?
  /// The direct map that the block's memory was laid out in; nil unless the operation lays it out before.
  public var directMap: LaidDirectMap?
  /// What the method says beside the samples.
  public var detail: MethodDetail?
  /// What several threads came to.
  public var concurrency: Concurrency?
  /// Why the block is not a result.
  public var invalid: String?

  public init() {}
}

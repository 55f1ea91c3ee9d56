// SPDX-License-Identifier: Apache-2.0

/// One fresh region measured once: the unit of replication.
public struct Block: Sendable {
  public enum Status: Hashable, Sendable {
    case valid
    /// The first round of a group: recorded, not summarised, since code and tables are cold.
    case warmUp
    /// Recorded, not summarised: why it is not a result.
    case invalid(String)

    public var text: String {
      switch self {
      case .valid: "ok"
      case .warmUp: "warm-up"
      case .invalid(let reason): "invalid: \(reason)"
      }
    }
  }

  public var measuredCase: Case
  /// Number of this block among its case's, from 0.
  public var number: Int
  /// Block n of every arm is round n's; the warm-up rounds are 0.
  public var place: BlockPlace
  public var round: Int { place.round }
  /// Place in the round's random order, from 0.
  public var position: Int
  /// Seconds from the run's start to the block's.
  public var elapsed: Double
  /// Frames of its memory that its pass had not seen before; nil where they cannot be seen.
  public var frames: BlockFrames?
  public var status: Status
  /// One value per timed call, per page (or per VM), in the case's unit.
  public var samples: [Double]
  public var placement: Placement
  public var counters: Counters
  /// KVM's own count of guest faults; nil where no vCPU took part.
  public var faultsTaken: UInt64?
  /// Interruptions that the bystanders counted, over all of them; nil where none spun.
  public var gaps: UInt64?
  /// Time that those took, ns; nil where none spun.
  public var stolen: Double?
  /// What the busy CPUs say one by one, where the operation asks them.
  public var bystanders: Bystanders?
  /// The direct map that its memory was laid out in, where the operation lays it out before.
  public var directMap: DirectMapChange?
  /// What the method says beside the samples, where it does.
  public var detail: MethodDetail?
  /// Nil but where several threads touched the region.
  public var concurrency: Concurrency?

  public init(
    measuredCase: Case, number: Int, place: BlockPlace, position: Int, elapsed: Double = 0,
    frames: BlockFrames? = nil, status: Status,
    samples: [Double],
    placement: Placement, counters: Counters, faultsTaken: UInt64?, gaps: UInt64?, stolen: Double?,
    bystanders: Bystanders? = nil, directMap: DirectMapChange? = nil, detail: MethodDetail? = nil,
    concurrency: Concurrency? = nil
  ) {
    self.measuredCase = measuredCase
    self.number = number
    self.place = place
    self.position = position
    self.elapsed = elapsed
    self.frames = frames
    self.status = status
    self.samples = samples
    self.placement = placement
    self.counters = counters
    self.faultsTaken = faultsTaken
    self.gaps = gaps
    self.stolen = stolen
    self.bystanders = bystanders
    self.directMap = directMap
    self.detail = detail
    self.concurrency = concurrency
  }
}

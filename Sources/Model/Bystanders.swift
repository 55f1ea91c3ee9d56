// SPDX-License-Identifier: Apache-2.0
import Statistics

/// What the busy CPUs say of one block, one by one.
public struct Bystanders: Hashable, Codable, Sendable {
  /// The CPUs that were busy.
  public var cpus: CPUSet
  /// Time taken from each, in their order, ns.
  public var stolen: [Double] = []
  /// Length of each interruption, of all of them, ns; of more than the bystanders keep, the latest.
  public var gaps: [Double] = []
  /// Nil unless they walked, with an interruption and without.
  public var walks: Walks?

  /// How long walks through a working set took, in sum, ns.
  public struct Walks: Hashable, Codable, Sendable {
    /// With no interruption since the walk before.
    public var calm: Int
    public var calmTime: Double
    /// Right after an interruption.
    public var refilling: Int
    public var refillingTime: Double

    public init(calm: Int, calmTime: Double, refilling: Int, refillingTime: Double) {
      self.calm = calm
      self.calmTime = calmTime
      self.refilling = refilling
      self.refillingTime = refillingTime
    }

    /// What a walk after an interruption takes longer than one without, ns.
    public var refill: Double { refillingTime / Double(refilling) - calmTime / Double(calm) }
  }

  public init(cpus: CPUSet, stolen: [Double] = [], gaps: [Double] = [], walks: Walks? = nil) {
    self.cpus = cpus
    self.stolen = stolen
    self.gaps = gaps
    self.walks = walks
  }
}

/// The same over the blocks of a case.
public struct BystanderFigures: Sendable {
  /// Blocks × busy CPUs.
  public private(set) var observations = 0
  /// Time taken from one busy CPU in one block, ns.
  public private(set) var stolen = Distribution()
  /// Lengths of interruptions, ns.
  public private(set) var gaps = Distribution()
  private var refills: [Double] = []

  public init() {}

  public mutating func add(_ bystanders: Bystanders) {
    observations += bystanders.stolen.count
    stolen.record(contentsOf: bystanders.stolen)
    gaps.record(contentsOf: bystanders.gaps)
    if let walks = bystanders.walks { refills.append(walks.refill) }
  }

  /// Median over the blocks of what a walk after an interruption takes longer, ns, with its 95 % interval; nil where
  /// none walked.
  public var refill: LocationEstimate? {
    median(refills).map { LocationEstimate(value: $0, interval: medianInterval(refills).interval) }
  }
}

// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model
import Statistics

/// Estimates with the pass as the unit of replication: blocks of the same seconds resemble each other.
extension BlockSeries {
  /// A run without passes is cut into so many stretches of its rounds (batch means).
  private static let batches = 8

  /// What each pass says of a quantity of a round; rounds without it are left out.
  ///
  /// - Parameter trimming: as of `PassMean`.
  func passMeans(trimming: Double = PassMean.trimming, _ value: (Int) -> Double?) -> [PassMean] {
    let rounds = places.keys.sorted().compactMap { round in value(round).map { (round: round, value: $0) } }
    let hasPasses = rounds.allSatisfy { places[$0.round]?.pass != nil }
    let groups =
      hasPasses
      ? Dictionary(grouping: rounds) { places[$0.round]?.pass ?? 0 }.sorted { $0.key < $1.key }.map(\.value)
      : Statistics.batches(of: rounds, count: Self.batches)
    return groups.compactMap { group in
      PassMean(of: group.map(\.value), trimming: trimming, probes: probes(of: group.map(\.round)))
    }
  }

  /// Interval of the median, from the passes' medians; nil without any.
  public var interval: Interval? {
    guard let first = medians.values.first else { return nil }
    // Without a detour through logarithms.
    if medians.values.allSatisfy({ $0 == first }) { return Interval(low: first, high: first) }
    if medians.values.allSatisfy({ $0 > 0 }) {
      return passEstimate(passMeans { medians[$0].map(log) }, reference: [], priors: [])
        .map { exponentiated(LocationEstimate($0.raw)).interval }
    }
    return passEstimate(passMeans { medians[$0] }, reference: [], priors: [])?.raw.interval()
  }

  /// The levels between which its passes jump; empty where they do not, and without passes.
  var levels: [Estimates.Level] {
    let passes = Set(places.values.map(\.pass))
    guard !passes.contains(nil), medians.values.allSatisfy({ $0 > 0 }) else { return [] }
    let numbers = passes.compactMap(\.self).sorted()
    let means = passMeans { medians[$0].map(log) }
    guard means.count == numbers.count, let found = passLevels(of: means.map(\.value)) else { return [] }
    return found.centers.enumerated().map { index, center in
      Estimates.Level(
        center: exp(center), passes: zip(numbers, found.level).filter { $0.1 == index }.map(\.0))
    }
  }

  /// The logarithm of the case's own value; nil where a median is 0 or less.
  ///
  /// - Parameter persistence: as of `passEstimate`.
  public func valueEstimate(state: [Double?], persistence: Double = driftPersistence) -> PassEstimate? {
    guard let center, medians.values.allSatisfy({ $0 > 0 }) else { return nil }
    let interrupts = interruptTime(state) / center
    return passEstimate(
      passMeans { medians[$0].map(log) }, reference: Self.everyProbe(state),
      priors: Self.priors(interrupts, work: 1 - interrupts), persistence: persistence)
  }

  /// The logarithm of the ratio to a baseline of the same rounds; nil where a median is 0 or less.
  ///
  /// - Parameter persistence: as of `passEstimate`.
  public func ratioEstimate(
    against baseline: BlockSeries, state: [Double?], persistence: Double = driftPersistence
  ) -> PassEstimate? {
    guard let center, let base = baseline.center, medians.values.allSatisfy({ $0 > 0 }),
      baseline.medians.values.allSatisfy({ $0 > 0 })
    else { return nil }
    let interrupts = interruptTime(state) / center - baseline.interruptTime(state) / base
    let means = passMeans { round in
      baseline.medians[round].flatMap { base in medians[round].map { log($0 / base) } }
    }
    return passEstimate(
      means, reference: Self.everyProbe(state), priors: Self.priors(interrupts, work: -interrupts),
      persistence: persistence)
  }

  /// The effect against a baseline that was measured in the same rounds; nil where no round holds both.
  ///
  /// - Parameter state: logarithms of the probes at which the adjusted effect is stated.
  public func effect(against baseline: BlockSeries, state: [Double?] = []) -> Effect? {
    let interrupts = interruptTime(state) - baseline.interruptTime(state)
    let differences = passMeans { round in
      baseline.medians[round].flatMap { base in medians[round].map { $0 - base } }
    }
    guard
      let shift = passEstimate(
        differences, reference: Self.everyProbe(state),
        priors: Self.priors(ofDifference: interrupts, scale: abs(baseline.center ?? 1)))
    else { return nil }
    let ratio = ratioEstimate(against: baseline, state: state)
    return Effect(
      shift: LocationEstimate(shift.raw), ratio: ratio.map { exponentiated(LocationEstimate($0.raw)) },
      isPaired: true, adjustedShift: shift.adjusted.map { LocationEstimate($0) },
      adjustedRatio: ratio?.adjusted.map { exponentiated(LocationEstimate($0)) },
      slopes: ratio?.slopes ?? [], passes: shift.passes, betweenShare: (ratio ?? shift).betweenShare)
  }

  /// How much the mean exceeds the baseline's over the rounds that hold both, from the passes: unlike the shift of
  /// medians it has the tail in it, which is paid for too. At the state given where the probes explain what moved. Nil
  /// where no round holds both.
  public func meanShift(against baseline: BlockSeries, state: [Double?]) -> LocationEstimate? {
    let differences = passMeans(trimming: 0) { round in
      baseline.means[round].flatMap { base in means[round].map { $0 - base } }
    }
    let interrupts = interruptTime(state) - baseline.interruptTime(state)
    return passEstimate(
      differences, reference: Self.everyProbe(state),
      priors: Self.priors(ofDifference: interrupts, scale: abs(baseline.center ?? 1))
    ).map { LocationEstimate($0.adjusted ?? $0.raw) }
  }

  /// What a page waits for interrupts, in the case's unit, at a state of the machine.
  private func interruptTime(_ state: [Double?]) -> Double {
    guard let trips = interruptTrips, let interrupt = state.first.flatMap(\.self) else { return 0 }
    return trips * exp(interrupt)
  }

  /// A state with a place for each probe.
  private static func everyProbe(_ state: [Double?]) -> [Double?] {
    state.isEmpty ? Probes.Kind.allCases.map { _ in nil } : state
  }

  /// How the kernel's own work on a page follows the loop of instructions and the zeroing of cold memory, as elasticities:
  /// within 16 runs of quick, faults and frees of anonymous memory, memfd and guest_memfd had 0.21 to 0.51 and 0 to 0.18
  /// (Results/repeatability). None followed the interrupt's round trip, but for what waits for one.
  private static let workElasticities = (instructions: 0.37, memory: 0.1)
  /// How far one kind of memory lies from that.
  private static let elasticityDeviation = 0.12

  /// What is known of a logarithm's slopes before any data. A page that waits for an interrupt's round trip takes longer
  /// by as much as the trip does; what is left of it is the kernel's work.
  ///
  /// - Parameters:
  ///   - interrupts: the share of the time that is interrupts; of a ratio, how much more of it than its baseline's.
  ///   - work: the same of the kernel's work.
  private static func priors(_ interrupts: Double, work: Double) -> [SlopePrior] {
    [
      SlopePrior(mean: interrupts, standardDeviation: 0.15 * abs(interrupts) + 0.02),
      SlopePrior(mean: work * workElasticities.instructions, standardDeviation: elasticityDeviation),
      SlopePrior(mean: work * workElasticities.memory, standardDeviation: elasticityDeviation),
    ]
  }

  /// The same of a difference, in the unit of the values. Of its work only the order of magnitude is known.
  ///
  /// - Parameters:
  ///   - interrupts: what a trip's doubling, say, would add: time of interrupts.
  ///   - scale: the size of what it is a difference of.
  private static func priors(ofDifference interrupts: Double, scale: Double) -> [SlopePrior] {
    // Of a difference from nothing any size is possible.
    let scale = scale > 0 ? scale : max(abs(interrupts), 1)
    return [
      SlopePrior(mean: interrupts, standardDeviation: 0.15 * abs(interrupts) + 0.02 * scale),
      SlopePrior(mean: 0, standardDeviation: 0.5 * scale),
      SlopePrior(mean: 0, standardDeviation: 0.3 * scale),
    ]
  }
}

extension BlockSeries {
  /// The probes' logarithms over rounds; a probe that one of them lacks is absent. Means, so that a pass in which the
  /// core was shared for some of the rounds is that far between; but of interrupts the median, because one that finds
  /// the other process off its CPU returns at once.
  private func probes(of rounds: [Int]) -> [Double?] {
    let known = rounds.map { places[$0]?.probes.logarithms ?? [] }
    return Probes.Kind.allCases.map { kind in
      let values = known.compactMap { kind.rawValue < $0.count ? $0[kind.rawValue] : nil }
      guard values.count == rounds.count else { return nil }
      return kind == .interrupt ? median(values) : values.reduce(0, +) / Double(values.count)
    }
  }
}

extension LocationEstimate {
  /// With its 95 % interval.
  init(_ location: PassEstimate.Location) {
    self.init(value: location.value, interval: location.interval())
  }
}

// SPDX-License-Identifier: Apache-2.0
import Analysis
import GuestMemory
import Model
import Statistics

/// What has been measured of one case so far.
struct Arm {
  let measuredCase: Case
  let identity: ArmIdentity
  private(set) var summary: Summary
  private(set) var series = BlockSeries()
  private let faultsPagesIn: Bool
  private let takesThreads: Bool
  private var throughput = ThroughputSeries()
  private var details: [MethodDetail] = []
  private var directMap: DirectMapChange?
  private var blockCount = 0
  /// Why the first invalid block is invalid.
  private var firstShortcoming: String?
  private var frames = FrameTally()
  /// Of warm-up blocks, where those had interrupts counted.
  private var warmUps = CountedBlocks()

  /// Counters over blocks.
  private struct CountedBlocks {
    var counters = Counters.none
    var blocks = 0
  }

  /// Who had the frames of its blocks before, over all of them.
  private struct FrameTally {
    var sum = BlockFrames(new: 0, ofBlockBefore: 0)
    var blocks = 0
    var hidden = 0

    mutating func add(_ frames: BlockFrames?) {
      blocks += 1
      if let frames {
        sum.new += frames.new
        sum.ofBlockBefore += frames.ofBlockBefore
      } else {
        hidden += 1
      }
    }

    var wordsOfNew: String {
      hidden > 0
        ? "whether its frames were new, and cost the hypervisor a fault, cannot be seen (root can)"
        : "\(sum.new / max(blocks, 1)) frames of a block were new, which may cost the hypervisor a fault each"
    }

    /// Nil where a block found what its state says: nearly none of those of the block before, or most of them.
    func wordsOfRepeated(_ measured: Case) -> String? {
      let pages = blocks * measured.pages
      guard hidden == 0, blocks > 0 else { return nil }
      let share = "\(Int((100 * Double(sum.ofBlockBefore) / Double(pages)).rounded())) % of a block's frames"
      switch measured.state {
      case .cold:
        return Expectation.isCold(repeated: sum.ofBlockBefore, of: pages)
          ? nil : "\(share) were those of the block before: part of them may be in a cache"
      case .warm:
        return 2 * sum.ofBlockBefore >= pages ? nil : "only \(share) were those of the block before"
      }
    }
  }

  init(_ measuredCase: Case, spec: OperationSpec, identity: ArmIdentity, unit: SampleUnit, pageBytes: Int) {
    self.measuredCase = measuredCase
    self.identity = identity
    faultsPagesIn = spec.faultsPagesIn
    takesThreads = spec.takesThreads
    summary = Summary(
      measuredCase, axis: spec.armAxis, unit: unit, method: spec.method, pageBytes: pageBytes)
    summary.abi = identity.abi
    summary.guestMemfdFlags = identity.guestMemfdFlags
    summary.reason = identity.note
  }

  /// The block that a reading makes. One that shows the contrary of the flush asked for is no result.
  ///
  /// - Parameter start: of the run, by the same clock as the reading's.
  func block(
    _ reading: BlockReading, at place: BlockPlace, position: Int, since start: UInt64, witness: FlushWitness
  ) -> Block {
    let shown = witness.shown(by: reading.counters, blocks: 1, of: measuredCase)
    let status: Block.Status =
      if let reason = reading.invalid ?? measuredCase.flush?.contradiction(shown) {
        .invalid(reason)
      } else if place.round == 0 { .warmUp } else { .valid }
    return Block(
      measuredCase: measuredCase, number: blockCount, place: place, position: position,
      elapsed: Double(reading.startedAt - min(start, reading.startedAt)) / 1e9, frames: reading.frames,
      status: status,
      samples: reading.samples, placement: reading.placement, counters: reading.counters,
      faultsTaken: reading.faultsTaken, gaps: reading.gaps, stolen: reading.stolen,
      bystanders: reading.bystanders, directMap: reading.directMap, detail: reading.detail,
      concurrency: reading.concurrency)
  }

  /// Takes a block in, once it is recorded: a row rests on recorded blocks alone.
  mutating func add(_ block: Block) {
    blockCount += 1
    switch block.status {
    case .valid: take(block)
    case .warmUp:
      guard block.counters.calInterrupts != nil else { return }
      warmUps.counters += block.counters
      warmUps.blocks += 1
    case .invalid(let reason):
      summary.invalidBlocks += 1
      firstShortcoming = firstShortcoming ?? reason
      if series.blocks == 0 { summary.reason = reason }
    }
  }

  private mutating func take(_ block: Block) {
    if series.blocks == 0 { summary.reason = identity.note }
    series.add(
      block.samples, at: block.place, counters: block.counters,
      trips: block.counters.interruptTrips(pages: measuredCase.pages))
    summary.counters += block.counters
    if let splits = block.counters.splits {
      summary.splittingBlocks = (summary.splittingBlocks ?? 0) + (splits > 0 ? 1 : 0)
    }
    summary.placement = worse(summary.placement, block.placement)
    if let taken = block.faultsTaken { summary.faultsTaken = (summary.faultsTaken ?? 0) + taken }
    if let gaps = block.gaps { summary.gaps = (summary.gaps ?? 0) + gaps }
    if let stolen = block.stolen { summary.stolen = (summary.stolen ?? 0) + stolen }
    if let bystanders = block.bystanders {
      if summary.bystanders == nil { summary.bystanders = BystanderFigures() }
      summary.bystanders?.add(bystanders)
    }
    frames.add(block.frames)
    if let change = block.directMap { directMap = directMap.map { $0 + change } ?? change }
    if let detail = block.detail { details.append(detail) }
    if takesThreads { throughput.add(block) }
  }

  /// The row says the worst that any of its blocks says.
  private func worse(_ left: Placement?, _ right: Placement) -> Placement {
    guard let left else { return right }
    return left == right ? left : .unknown
  }

  /// What tells of flushes: the blocks that count, or warm-ups where those alone had interrupts counted.
  private var flushCounts: CountedBlocks {
    summary.counters.calInterrupts == nil && warmUps.blocks > 0
      ? warmUps : CountedBlocks(counters: summary.counters, blocks: series.blocks)
  }

  /// Says around which blocks interrupts were counted, where it was not around every one.
  mutating func tell(_ interrupts: InterruptCounting) {
    guard !hasFailed, series.blocks > 0, let words = interrupts.words(warmUps: warmUps.blocks) else { return }
    note(words)
  }

  /// Ends the arm. What broke off is no figure: its blocks stay where blocks are recorded, the row has none.
  mutating func fail(_ refusal: Refusal) {
    let before = series.blocks
    summary.status = refusal.kind == .unsupported ? .unsupported : .failed
    summary.reason = before == 0 ? refusal.description : "\(refusal), after \(before) blocks"
    series = BlockSeries()
    summary.estimates = Estimates()
    summary.counters = .none
    summary.placement = nil
    (summary.faultsTaken, summary.gaps, summary.stolen, summary.splittingBlocks) = (nil, nil, nil, nil)
    summary.bystanders = nil
    details = []
    throughput = ThroughputSeries()
    summary.detail = nil
  }

  var hasFailed: Bool { summary.status == .failed || summary.status == .unsupported }

  /// Brings interval, effect and flush up to date with the blocks.
  mutating func conclude(baseline: Arm?, witness: FlushWitness, state: [Double?]) {
    summary.detail = .together(details)
    if let words = summary.detail?.words(summary.unit) {
      summary.reason = [identity.note, words].compactMap { $0 }.joined(separator: "; ")
    }
    // A baseline that failed since the last look compares nothing any more.
    let other = baseline.flatMap { $0.measuredCase == measuredCase ? nil : $0 }
    summary.baseline = other?.measuredCase
    summary.estimates = series.estimates(against: other?.series, state: state)
    summary.flush = flushSeen(baseline, witness)
    let counted = flushCounts
    summary.mechanism =
      faultsPagesIn
      ? witness.mechanism(by: counted.counters, blocks: counted.blocks, of: measuredCase) : nil
  }

  /// - Parameter missing: how many blocks the precision would take, for an arm that missed it; nil where too few
  ///   blocks tell.
  mutating func settle(_ status: CaseStatus, missing: Int? = nil) {
    guard !hasFailed else { return }
    summary.status = status
    if measuredCase.directMap == .cold, measuredCase.backing.removesDirectMap, series.blocks > 0 {
      let number = summary.splittingBlocks.map(String.init) ?? "an unknown number"
      note("\(number) of \(series.blocks) blocks split a huge entry of the direct map; \(frames.wordsOfNew)")
    }
    if let words = frames.wordsOfRepeated(measuredCase) { note(words) }
    if measuredCase.backing.removesDirectMap, let words = directMap?.words(blocks: series.blocks) {
      note(words)
    }
    if let firstShortcoming, series.blocks > 0 {
      let all = series.blocks + summary.invalidBlocks
      note("\(summary.invalidBlocks) of \(all) blocks gave no result, the first because: \(firstShortcoming)")
    }
    // Drift is not measured away: what would take many times as long would not get there.
    if let missing, missing <= 20 * series.blocks {
      note("\(series.blocks) blocks; the precision takes about \(missing)")
    }
    guard series.blocks == 0 else { return }
    if summary.invalidBlocks > 0 { summary.status = .failed }
    summary.reason =
      summary.reason
      ?? (status == .partial
        ? "interrupted before a block that counts"
        : "the budget ended before a block that counts (a longer --budget, or a smaller --size)")
  }

  /// What is worth computing once, at the end.
  ///
  /// - Parameters:
  ///   - local: the same with memory of its CPU's own node, if that was measured.
  ///   - isScaled: whether the arm's group is about numbers of threads.
  ///   - alone: the same with one thread, if that was measured.
  ///   - state: of the machine, at which effects are stated.
  mutating func finish(baseline: Arm?, local: Arm?, isScaled: Bool, alone: Arm?, state: [Double?]) {
    guard !hasFailed else { return }
    summary.localEffect = local.flatMap { series.effect(against: $0.series, state: state) }
    if isScaled { summary.scaling = throughput.scaling(against: alone?.throughput) }
    guard let baseline, baseline.measuredCase != measuredCase else { return }
    summary.meanShift = series.meanShift(against: baseline.series, state: state)
  }

  private mutating func note(_ text: String) {
    summary.reason = summary.reason.map { "\($0); \(text)" } ?? text
  }

  /// Half the width of the effect's interval (of the median's, for a baseline) as a share of what it is around;
  /// infinite with too few blocks, 0 for an arm that has failed and needs none.
  var relativeHalfWidth: Double {
    if hasFailed { return 0 }
    guard let center = series.center else { return .infinity }
    if let effect = summary.effect {
      if let ratio = effect.adjustedRatio ?? effect.ratio {
        return ratio.interval.relativeHalfWidth(around: ratio.value)
      }
      // Where a value is zero there is no ratio: the shift against the arm's own size.
      return Self.width((effect.adjustedShift ?? effect.shift).interval, around: center)
    }
    guard let interval = summary.medianInterval else { return .infinity }
    return Self.width(interval, around: center)
  }

  /// Nothing is relative to a size of zero: there any finite interval will do.
  private static func width(_ interval: Interval, around center: Double) -> Double {
    if center == 0 { return interval.isFinite ? 0 : .infinity }
    return interval.relativeHalfWidth(around: center)
  }

  /// What the held CPUs saw of the flush that a removal calls for. Whatever other work does to the baseline as
  /// well is `unknown`.
  private func flushSeen(_ baseline: Arm?, _ witness: FlushWitness) -> FlushState? {
    guard faultsPagesIn, series.blocks > 0 else { return nil }
    let own = flushCounts
    let shown = witness.shown(by: own.counters, blocks: own.blocks, of: measuredCase)
    guard shown == .on, let baseline, !baseline.measuredCase.backing.removesDirectMap,
      baseline.series.blocks > 0,
      let noise = witness.flushes(baseline.flushCounts.counters, of: baseline.measuredCase),
      let flushes = witness.flushes(own.counters, of: measuredCase)
    else { return shown }
    let share = noise / Double(baseline.flushCounts.blocks) / (flushes / Double(own.blocks))
    return share > 0.1 ? .unknown : .on
  }
}

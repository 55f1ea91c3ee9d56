// SPDX-License-Identifier: Apache-2.0
import GuestMemory
import Machine
import Statistics

/// What has been measured of one case so far.
struct Arm {
  let measuredCase: Case
  let identity: ArmIdentity
  private(set) var summary: Summary
  /// The block's median by round, for pairing with the baseline's.
  private(set) var medians: [Int: Double] = [:]
  private let takesPagesIn: Bool
  private var details: [MethodDetail] = []
  private var blockCount = 0

  init(_ measuredCase: Case, spec: OperationSpec, identity: ArmIdentity, unit: SampleUnit, pageBytes: Int) {
    self.measuredCase = measuredCase
    self.identity = identity
    takesPagesIn = spec.takesPagesIn
    summary = Summary(
      measuredCase, axis: spec.armAxis, unit: unit, method: spec.method, pageBytes: pageBytes)
    summary.abi = identity.abi
    summary.guestMemfdFlags = identity.guestMemfdFlags
    summary.reason = identity.note
  }

  /// The block that a reading makes. One that shows the contrary of the flush asked for is no result.
  func block(_ reading: BlockReading, round: Int, position: Int, witness: FlushWitness) -> Block {
    let shown = witness.shown(by: reading.counters, blocks: 1, of: measuredCase)
    let status: Block.Status =
      if let reason = reading.invalid ?? measuredCase.flush?.contradiction(shown) {
        .invalid(reason)
      } else if round == 0 { .warmUp } else { .valid }
    return Block(
      measuredCase: measuredCase, number: blockCount, round: round, position: position, status: status,
      samples: reading.samples, placement: reading.placement, counters: reading.counters,
      faultsTaken: reading.faultsTaken, gaps: reading.gaps, stolen: reading.stolen,
      detail: reading.detail)
  }

  /// Takes a block in, once it is recorded: a row rests on recorded blocks alone.
  mutating func add(_ block: Block) {
    blockCount += 1
    switch block.status {
    case .valid: take(block)
    case .warmUp: break
    case .invalid(let reason):
      summary.invalidBlocks += 1
      if summary.blocks == 0 { summary.reason = reason }
    }
  }

  private mutating func take(_ block: Block) {
    if summary.blocks == 0 { summary.reason = identity.note }
    summary.blocks += 1
    summary.samples.record(contentsOf: block.samples)
    summary.counters += block.counters
    summary.placement = worse(summary.placement, block.placement)
    if let taken = block.faultsTaken { summary.faultsTaken = (summary.faultsTaken ?? 0) + taken }
    if let gaps = block.gaps { summary.gaps = (summary.gaps ?? 0) + gaps }
    if let stolen = block.stolen { summary.stolen = (summary.stolen ?? 0) + stolen }
    if let detail = block.detail { details.append(detail) }
    medians[block.round] = median(block.samples)
  }

  /// The row says the worst that any of its blocks says.
  private func worse(_ left: Placement?, _ right: Placement) -> Placement {
    guard let left else { return right }
    return left == right ? left : .unknown
  }

  /// Ends the arm. What broke off is no figure: its blocks stay where blocks are recorded, the row has none.
  mutating func fail(_ refusal: Refusal) {
    let before = summary.blocks
    summary.status = refusal.kind == .unsupported ? .unsupported : .failed
    summary.reason = before == 0 ? refusal.description : "\(refusal), after \(before) blocks"
    summary.blocks = 0
    summary.samples = Distribution()
    summary.counters = .none
    summary.placement = nil
    (summary.faultsTaken, summary.gaps, summary.stolen) = (nil, nil, nil)
    medians = [:]
    details = []
  }

  var hasFailed: Bool { summary.status == .failed || summary.status == .unsupported }

  /// Brings interval, effect and flush up to date with the blocks.
  mutating func conclude(baseline: Arm?, witness: FlushWitness) {
    summary.medianInterval = medians.isEmpty ? nil : medianInterval(Array(medians.values)).interval
    summary.flush = flushSeen(baseline, witness)
    if let words = MethodDetail.words(details, summary.unit) {
      summary.reason = [identity.note, words].compactMap { $0 }.joined(separator: "; ")
    }
    // A baseline that failed since the last look compares nothing any more.
    summary.baseline = nil
    summary.effect = nil
    guard let baseline, baseline.measuredCase != measuredCase else { return }
    summary.baseline = baseline.measuredCase
    let pairs = medians.keys.sorted().compactMap { round in
      baseline.medians[round].flatMap { base in medians[round].map { (baseline: base, value: $0) } }
    }
    summary.effect = pairedEffect(pairs)
  }

  mutating func settle(_ status: CaseStatus) {
    guard !hasFailed else { return }
    summary.status = status
    if summary.blocks == 0 {
      if summary.invalidBlocks > 0 { summary.status = .failed }
      summary.reason =
        summary.reason
        ?? (status == .partial
          ? "interrupted before a block that counts"
          : "the budget ended before a block that counts (a longer --budget, or a smaller --size)")
    }
  }

  /// Whether the interval of the effect (of the median, for a baseline) is as narrow as asked.
  func isPrecise(_ precision: Double) -> Bool {
    if hasFailed { return true }
    if let effect = summary.effect {
      if let ratio = effect.ratio {
        return ratio.interval.relativeHalfWidth(around: ratio.value) <= precision
      }
      // Where a value is zero there is no ratio: the shift against the arm's own size.
      guard let center = median(Array(medians.values)), center != 0 else {
        return effect.shift.interval.isFinite
      }
      return effect.shift.interval.relativeHalfWidth(around: center) <= precision
    }
    guard let interval = summary.medianInterval, let center = median(Array(medians.values)) else {
      return false
    }
    return center == 0 ? interval.isFinite : interval.relativeHalfWidth(around: center) <= precision
  }

  /// What the held CPUs saw of the flush that a removal calls for. Whatever other work does to the baseline as
  /// well is `unknown`.
  private func flushSeen(_ baseline: Arm?, _ witness: FlushWitness) -> FlushState? {
    guard takesPagesIn, summary.blocks > 0 else { return nil }
    let shown = witness.shown(by: summary.counters, blocks: summary.blocks, of: measuredCase)
    guard shown == .on, let baseline, !baseline.measuredCase.backing.removesDirectMap,
      baseline.summary.blocks > 0, let noise = witness.flushes(baseline.summary.counters),
      let flushes = witness.flushes(summary.counters)
    else { return shown }
    let share = noise / Double(baseline.summary.blocks) / (flushes / Double(summary.blocks))
    return share > 0.1 ? .unknown : .on
  }
}

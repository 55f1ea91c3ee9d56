// SPDX-License-Identifier: Apache-2.0

/// What the kernel's own mapping showed of a region's frames after one step of its life.
public struct DirectMapObservation: Hashable, Sendable {
  /// The steps, in the order in which a page goes through them.
  public enum Step: String, CaseIterable, Sendable {
    /// fallocate(2): frames exist and are mapped nowhere.
    case allocated = "fallocate"
    /// KVM_PRE_FAULT_MEMORY.
    case preFaulted = "pre-fault"
    /// The first touch, by the host, or by the guest where only a guest reaches the memory.
    case faulted = "fault"
    /// MADV_DONTNEED and munmap, or the end of the guest's memory slot, while the file still holds the pages.
    case unmapped = "unmap"
    /// FALLOC_FL_PUNCH_HOLE.
    case punched = "punch-hole"
    /// The last reference went.
    case closed = "close"

    /// The frames were given back by it.
    public var frees: Bool { self == .punched || self == .closed }
  }

  public var step: Step
  /// Frames read.
  public var frames: Int
  /// Those of them that the kernel cannot read. Where frames are told only by a scan it can exceed `frames`:
  /// then somebody else removes memory meanwhile.
  public var gone: Int
  /// Those that cannot be told: zeros in /proc/kcore after a free, or a frame that is no longer ours.
  public var unclear: Int
  /// Those that were readable at first and no longer a moment later: through stale translations.
  public var stale: Int

  public init(_ step: Step, frames: Int, gone: Int, unclear: Int = 0, stale: Int = 0) {
    self.step = step
    self.frames = frames
    self.gone = gone
    self.unclear = unclear
    self.stale = stale
  }
}

/// What the observations of one backing come to.
public struct DirectMapVerdict: Hashable, Sendable {
  /// By which step the frames had left the direct map: fallocate, or the fault, of which pre-faulting is one.
  public enum Removal: Hashable, Sendable {
    case never
    case at(DirectMapObservation.Step)
    /// At the fault or before it: what fallocate had left was not observed.
    case byFault
    /// Some frames and not others.
    case partly
    case unknown
  }

  public let removal: Removal
  /// The freed frames are readable again; nil where none were removed, none freed or it cannot be told.
  public let cameBack: Bool?
  /// What is not as the backing claims; empty where everything is.
  public let contradictions: [String]
  /// What could not be observed, or what matters for the figures and does not contradict the claim.
  public let notes: [String]

  /// - Parameters:
  ///   - backing: what the memory claims to be.
  ///   - observations: in the order of the steps, each step at most once.
  ///   - flushes: what the kernel's switch says of the flush; nil where it has none.
  public init(of backing: Backing, _ observations: [DirectMapObservation], flushes: Bool? = nil) {
    let observations = flushes == false ? Self.seeingThroughStale(observations) : observations
    var contradictions: [String] = []
    var notes: [String] = []
    removal = Self.removal(observations, hasFallocate: backing.hasFallocate)
    switch removal {
    case .never where backing.removesDirectMap:
      contradictions.append("its pages should leave the direct map, and the kernel still reads all of them")
    case .at where !backing.removesDirectMap, .byFault where !backing.removesDirectMap:
      contradictions.append("its pages should stay in the direct map, and the kernel cannot read them")
    case .partly where observations.contains { $0.gone > $0.frames }:
      contradictions.append(
        "more frames left the direct map than it has pages: something else removes memory too")
    case .partly: contradictions.append("only some of its pages left the direct map")
    case .unknown: notes.append("no page could be told after the fault")
    case .never, .at, .byFault: break
    }
    let kept = observations.last { $0.step == .faulted }
    if let kept, let unmapped = observations.first(where: { $0.step == .unmapped }), kept.gone == kept.frames,
      unmapped.gone + unmapped.unclear < unmapped.frames
    {
      contradictions.append(
        "\(unmapped.frames - unmapped.gone) of \(unmapped.frames) pages were back after the unmapping, before the free"
      )
    }
    let freed = observations.filter { $0.step.frees && $0.frames > 0 }
    for seen in freed where seen.gone > 0 {
      contradictions.append(
        "\(seen.gone) of \(seen.frames) frames did not come back after \(seen.step.rawValue)")
    }
    let unclear = observations.filter { $0.unclear > 0 }
    for seen in unclear {
      notes.append("\(seen.unclear) of \(seen.frames) frames cannot be told after \(seen.step.rawValue)")
    }
    for seen in observations where seen.stale > 0 {
      let what =
        "\(seen.stale) of \(seen.frames) frames still read right after \(seen.step.rawValue), as if stale"
      if flushes == true {
        contradictions.append(what + " translations had not been flushed")
      } else {
        notes.append(what)
      }
    }
    let removed = removal != .never && removal != .unknown
    let isTold = !freed.isEmpty && freed.allSatisfy { $0.unclear == 0 }
    cameBack = !removed ? nil : freed.contains { $0.gone > 0 } ? false : isTold ? true : nil
    self.contradictions = contradictions
    self.notes = notes
  }

  /// Without the flush a stale translation may read for long. Frames that are still readable after the fault and are all
  /// gone after the unmapping, which removes nothing, were gone before it.
  private static func seeingThroughStale(_ observations: [DirectMapObservation]) -> [DirectMapObservation] {
    guard let unmapped = observations.first(where: { $0.step == .unmapped }), unmapped.gone == unmapped.frames
    else {
      return observations
    }
    return observations.map { seen in
      guard seen.step == .faulted else { return seen }
      var seen = seen
      seen.stale = max(seen.stale, seen.frames - seen.gone - seen.unclear)
      seen.gone = seen.frames - seen.unclear
      return seen
    }
  }

  private static func removal(_ observations: [DirectMapObservation], hasFallocate: Bool) -> Removal {
    let held = observations.filter { !$0.step.frees && $0.step != .unmapped && $0.frames > 0 }
    guard held.contains(where: { $0.step == .faulted }), held.allSatisfy({ $0.unclear < $0.frames }) else {
      return .unknown
    }
    guard let first = held.firstIndex(where: { $0.gone > 0 }) else { return .never }
    // What is gone stays gone until the free: from the first step on, every frame read.
    guard held[first...].allSatisfy({ $0.gone + $0.unclear == $0.frames }) else { return .partly }
    if held[first].step == .allocated { return .at(.allocated) }
    let isFirstFrame = !hasFallocate || held.contains { $0.step == .allocated }
    return isFirstFrame ? .at(.faulted) : .byFault
  }
}

/// What a kernel showed of one backing.
public struct DirectMapRow: Sendable {
  public var backing: Backing
  /// The observations, or why there are none.
  public var observations: Result<[DirectMapObservation], Refusal>
  /// nil where it could not be observed.
  public var verdict: DirectMapVerdict?

  public init(_ backing: Backing, _ observations: Result<[DirectMapObservation], Refusal>, flushes: Bool?) {
    self.backing = backing
    self.observations = observations
    verdict = (try? observations.get()).map { DirectMapVerdict(of: backing, $0, flushes: flushes) }
  }
}

/// One page after another faulted and read at once, with the kernel's switch for the flush in one state.
public struct FlushObservation: Hashable, Sendable {
  public var isOn: Bool
  public var frames: Int
  /// Frames that were still readable right after their removal: through a stale translation of the CPU that read.
  public var readable: Int

  public init(isOn: Bool, frames: Int, readable: Int) {
    self.isOn = isOn
    self.frames = frames
    self.readable = readable
  }
}

/// Everything that `verify` saw.
public struct DirectMapReport: Sendable {
  /// The file that was read: /dev/mem or /proc/kcore.
  public var memoryFile: String
  /// What the kernel's switch said of the flush; nil where it has none.
  public var flushes: Bool?
  /// A scan of all RAM: frames in all, and those unreadable before the first and after the last backing.
  public struct Scan: Hashable, Sendable {
    public var frames: Int
    public var before: Int
    public var after: Int?

    public init(frames: Int, before: Int, after: Int? = nil) {
      self.frames = frames
      self.before = before
      self.after = after
    }
  }
  public var scan: Scan?
  public var rows: [DirectMapRow] = []
  /// The backing that removes, with its flush on and off; or why that was not observed.
  public var flushObservations: Result<[FlushObservation], Refusal>?

  public init(memoryFile: String, flushes: Bool?) {
    self.memoryFile = memoryFile
    self.flushes = flushes
  }

  /// At least one backing was observed.
  public var showsAnything: Bool { rows.contains { $0.verdict != nil } }

  /// Something is not what it claims, or failed.
  public var contradicts: Bool {
    rows.contains { row in
      if let verdict = row.verdict { return !verdict.contradictions.isEmpty }
      if case .failure(let refusal) = row.observations { return refusal.kind == .failed }
      return false
    } || flushContradicts
  }

  /// With the flush on, nothing may read through a stale translation. With it off, something may: no more.
  private var flushContradicts: Bool {
    switch flushObservations {
    case .success(let observations): observations.contains { $0.isOn && $0.readable > 0 }
    case .failure(let refusal): refusal.kind == .failed
    case nil: false
    }
  }
}

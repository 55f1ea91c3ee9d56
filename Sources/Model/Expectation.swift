// SPDX-License-Identifier: Apache-2.0

/// What a block of an operation must show beside its samples: each block is held against it in one place, by ``Pass`` of
/// Harness. One that shows something else is recorded, and is no result.
///
/// Faults are counted in pages of the size that the backing names: memory in huge pages has one for each 2 MiB. So a
/// kernel that maps more or less at a time than the row says is found out.
public struct Expectation: Hashable, Sendable {
  public enum Count: Hashable, Sendable {
    /// Nothing is claimed.
    case any
    case none
    case onePerPage
  }

  /// The measuring process's own while it is timed: `min_flt`, in which what get_user_pages takes in counts too.
  public var host: Count
  /// The vCPUs' while they are timed, as KVM fixed them: `pf_fixed`.
  public var guest: Count
  /// Calls of the kernel's flush while it is timed, where they are probed.
  public var flushes: Count

  public init(host: Count = .any, guest: Count = .any, flushes: Count = .any) {
    self.host = host
    self.guest = guest
    self.flushes = flushes
  }

  /// Why a block is no result; nil where it shows what it must.
  ///
  /// What was filled outside the timed region is held against one fault a page, whatever the operation.
  ///
  /// - Throws: where the machine cannot show it in any block.
  public func shortcoming(
    of reading: BlockReading, _ measured: Case, pageBytes: Int
  ) throws(Refusal) -> String? {
    let memory = ExpectedPages(measured, pageBytes: pageBytes)
    let guestFaults = try memory.guest(reading.faultsFixed, guest)
    return memory.host(reading.counters.minorFaults, host) ?? memory.host(reading.faultsUntimed, .onePerPage)
      ?? guestFaults ?? memory.flushes(reading.flushes, flushes) ?? Self.splits(reading, measured)
      ?? Self.overlap(reading.concurrency) ?? Self.frames(reading, measured)
  }

  /// Whether so few of a block's frames were those of the block before that it found nothing of it.
  public static func isCold(repeated: Int, of pages: Int) -> Bool { 8 * repeated <= pages }

  private static func frames(_ reading: BlockReading, _ measured: Case) -> String? {
    guard measured.state == .cold, reading.takesKeptFrames, let repeated = reading.frames?.ofBlockBefore,
      !isCold(repeated: repeated, of: measured.pages)
    else { return nil }
    let seen = "\(repeated) of its \(measured.pages) frames were those of the block before"
    return "\(seen): it did not find cold memory"
  }

  private static func overlap(_ concurrency: Concurrency?) -> String? {
    guard let concurrency, concurrency.overlap < Concurrency.leastOverlap else { return nil }
    return "its threads ran together for \(Int(100 * concurrency.overlap)) % of the time"
  }

  private static func splits(_ reading: BlockReading, _ measured: Case) -> String? {
    guard measured.directMap == .split, measured.backing.removesDirectMap,
      let splits = reading.counters.splits, splits > 0
    else { return nil }
    return "\(splits) huge entries of the direct map split although it had been split before"
  }
}

/// The pages of a block, in the size that maps them.
private struct ExpectedPages {
  let isHuge: Bool
  /// Of the size that the backing names.
  let pages: Int
  /// Faults of the process that have nothing to do with the memory: on stacks, in buffers.
  let strays: Int

  init(_ measured: Case, pageBytes: Int) {
    isHuge = measured.backing.isHuge
    pages = isHuge ? max(1, measured.pages * pageBytes / hugePageBytes) : measured.pages
    strays = 16 * measured.threads
  }

  private var words: String { "\(pages) \(isHuge ? "huge " : "")page\(pages == 1 ? "" : "s")" }

  func host(_ faults: Int64?, _ expected: Expectation.Count) -> String? {
    guard let faults = faults.map(Int.init) else { return nil }
    let seen = "\(faults) host fault\(faults == 1 ? "" : "s") for \(words)"
    switch expected {
    case .any: return nil
    case .none:
      return faults > strays + pages / 8 ? "\(seen) that were there before" : nil
    case .onePerPage:
      if isHuge { return faults > 2 * pages + strays ? "\(seen): memory came in small pages" : nil }
      if faults < pages { return "\(seen): the kernel mapped several at a time, in large folios" }
      return faults > pages + pages / 4 + strays ? "\(seen): some faulted more than once" : nil
    }
  }

  func guest(_ fixed: UInt64?, _ expected: Expectation.Count) throws(Refusal) -> String? {
    guard let fixed = fixed.map({ Int(clamping: $0) }) else { return nil }
    let seen = "KVM fixed \(fixed) fault\(fixed == 1 ? "" : "s") for \(words)"
    switch expected {
    case .any: return nil
    case .none: return fixed == 0 ? nil : "\(seen) that the guest had before"
    case .onePerPage:
      guard isHuge else { return fixed == pages ? nil : seen }
      // Shadow paging maps a few neighbours with each fault, so that there is not one for each small page.
      if fixed > 8 * pages {
        throw .unsupported(
          "not mapped by huge pages here: \(seen)",
          remedy: "hardware paging (EPT or NPT): shadow paging maps small pages")
      }
      return fixed > 2 * pages ? "\(seen): memory came in small pages" : nil
    }
  }

  func flushes(_ flushes: Int?, _ expected: Expectation.Count) -> String? {
    guard let flushes else { return nil }
    let seen = "\(flushes) flushes were recorded for \(words)"
    switch expected {
    case .any: return nil
    case .none: return flushes == 0 ? nil : seen
    case .onePerPage: return flushes == pages ? nil : seen
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// What `/proc/cpuinfo` says of the first CPU, as far as timing and flushing depend on it.
public struct CPUFeatures: Hashable, Sendable {
  /// Whether the time stamp counter ticks at one rate in every frequency and idle state (flags `constant_tsc`
  /// and `nonstop_tsc`). Nil off x86 and where cpuinfo does not read.
  public var invariantTSC: Bool?
  /// The time stamp counter's rate in hertz, to about 1 in 10,000: half of x86's `bogomips`, which the kernel
  /// derives from it. A hint to check a calibration against, nothing to convert with. Nil off x86.
  public var tscFrequencyHint: Double?
  /// How a kernel-range flush reaches the other CPUs: `IPI` (a function call interrupt each), `INVLPGB` (AMD
  /// broadcast, no interrupt; the kernel shows the flag only when it uses it), `TLBI` (arm64, no interrupt).
  /// Nil: unknown, which does not mean that nothing is flushed.
  public var broadcastFlush: String?

  public init(invariantTSC: Bool? = nil, tscFrequencyHint: Double? = nil, broadcastFlush: String? = nil) {
    self.invariantTSC = invariantTSC
    self.tscFrequencyHint = tscFrequencyHint
    self.broadcastFlush = broadcastFlush
  }

  public static func read(_ files: SystemFiles = SystemFiles()) -> CPUFeatures {
    CPUFeatures(CPUInfo(files))
  }

  init(_ info: CPUInfo) {
    if let flags = info.flags {
      invariantTSC = flags.contains("constant_tsc") && flags.contains("nonstop_tsc")
      tscFrequencyHint = info["bogomips"].flatMap { Double($0) }.map { $0 / 2 * 1e6 }
      broadcastFlush = flags.contains("invlpgb") ? "INVLPGB" : "IPI"
    } else if info["CPU implementer"] != nil {
      broadcastFlush = "TLBI"
    }
  }
}

/// The first CPU's rows of `/proc/cpuinfo`.
struct CPUInfo {
  private var rows: [Substring: String] = [:]

  init(_ files: SystemFiles) {
    // One CPU's rows are 2 to 3 KiB; a large machine's whole file would take longer than the budget.
    for line in (files.text("/proc/cpuinfo", limit: 8_192) ?? "").split(
      separator: "\n", omittingEmptySubsequences: false)
    {
      if line.isEmpty {
        if rows.isEmpty { continue }
        break
      }
      guard let colon = line.firstIndex(of: ":") else { continue }
      var name = line[..<colon]
      while let last = name.last, last.isWhitespace { name.removeLast() }
      rows[name] = line[line.index(after: colon)...].trimmed
    }
  }

  subscript(name: String) -> String? { rows[name[...]] }

  /// x86's flags; nil elsewhere.
  var flags: Set<Substring>? { self["flags"].map { Set($0.split(separator: " ")) } }
}

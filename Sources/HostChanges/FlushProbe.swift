// SPDX-License-Identifier: Apache-2.0
import Glibc
import Machine
import Model
import SystemPackage

/// Probes at the entry of the kernel-range TLB flush and at its return, which stamp each call that one thread makes,
/// in a tracefs instance of this process's own. Everything is removed again when its owner goes, and whatever
/// ends the process (``Journal``).
///
/// How it can mislead: the probes are work of their own, and part of it lies between the two stamps. The same probes
/// around a function that does next to nothing tell how much. That part with warm caches; what the probes add to a
/// fault altogether is to be measured beside it.
public struct FlushProbe: ~Copyable {
  /// What is probed: the one function of every flush of kernel addresses on x86. arm64 has it inlined.
  public static let function = "flush_tlb_kernel_range"

  private let files: SystemFiles
  private let folder: String
  private let group: String
  private let instance: String
  private let cpu: Int
  /// Numbers of the events, in the order of `probes`.
  private var types: [Int] = []
  // Armed in this order, undone from the last: the probes cannot go while an instance records them.
  private let events: RestoredState
  private let ownInstance: RestoredState
  private let recording: RestoredState

  /// What next to nothing is: getppid(2), as x86 names it.
  private static let emptyFunction = "__x64_sys_getppid"
  private static let emptyCalls = 64
  /// Each entry is followed by its return.
  private static let probes = [
    (kind: "p", name: "entered", function: function), (kind: "r", name: "returned", function: function),
    (kind: "p", name: "empty_entered", function: emptyFunction),
    (kind: "r", name: "empty_returned", function: emptyFunction),
  ]

  /// Where tracefs may be mounted.
  private static let folders = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"]
  private static let prefix = "gmembench"

  /// The trace clock whose ticks are those of the measuring clock.
  public enum TraceClock: String, Sendable {
    /// The CPU's counter, as the measuring thread reads it.
    case counter = "x86-tsc"
    /// CLOCK_MONOTONIC_RAW, ns.
    case monotonic = "mono_raw"
  }

  /// Throws where and why the probes cannot be had; changes nothing.
  public static func check(_ clock: TraceClock, files: SystemFiles = SystemFiles()) throws(Refusal) {
    _ = try location(clock, files)
  }

  private static func location(_ clock: TraceClock, _ files: SystemFiles) throws(Refusal) -> String {
    guard let folder = folders.first(where: { files.names(in: $0)?.contains("trace_clock") == true }) else {
      guard files.text("/proc/filesystems")?.contains("\ttracefs\n") == true else {
        throw Refusal.unsupported(
          "the kernel has no tracefs", remedy: "a kernel with CONFIG_FTRACE and CONFIG_KPROBE_EVENTS"
        )
      }
      throw Refusal.unsupported(
        "tracefs is not mounted, or only root sees it",
        remedy: "as root, mount -t tracefs tracefs \(folders[0])")
    }
    switch files.writeRefusal(folder + "/kprobe_events") {
    case nil: break
    case .noSuchFileOrDirectory?:
      throw Refusal.unsupported(
        "the kernel has no kprobe_events", remedy: "a kernel with CONFIG_KPROBE_EVENTS")
    case let error?:
      throw Refusal.unsupported("\(folder)/kprobe_events: \(error)", remedy: "root, with lockdown off")
    }
    guard files.line(folder + "/trace_clock")?.contains(clock.rawValue) == true else {
      throw Refusal.unsupported(
        "the kernel's trace has no clock \(clock.rawValue)", remedy: "--clock monotonic")
    }
    guard files.contains(" \(function)\n", in: "/proc/kallsyms") else {
      throw Refusal.unsupported("\(function) is no function of this kernel that a probe could reach")
    }
    return folder
  }

  /// Makes the probes, not armed.
  /// - Parameters:
  ///   - thread: whose calls are recorded; it stays on `cpu`.
  ///   - calls: how many there is to be room for.
  public static func make(
    cpu: Int, thread: Int32, calls: Int, clock: TraceClock, files: SystemFiles = SystemFiles()
  ) throws(Refusal) -> FlushProbe {
    let folder = try location(clock, files)
    removeStale(folder, files)
    do throws(Errno) {
      let group = "\(prefix)_\(getpid())"
      let instance = "\(folder)/instances/\(prefix)-\(getpid())"
      let events = try RestoredState(files.root + folder + "/kprobe_events", removal(of: group))
      let ownInstance = try RestoredState(files.root + instance, nil)
      let recording = try RestoredState("\(files.root)\(instance)/events/\(group)/enable", "0")
      // From here on the deinit removes what there is.
      var probe = FlushProbe(
        files: files, folder: folder, group: group, instance: instance, cpu: cpu, events: events,
        ownInstance: ownInstance, recording: recording)
      try probe.setUp(thread: thread, calls: calls, clock: clock)
      return probe
    } catch { throw Refusal.unsupported("setting up probes of \(function): \(error)") }
  }

  private init(
    files: SystemFiles, folder: String, group: String, instance: String, cpu: Int,
    events: consuming RestoredState, ownInstance: consuming RestoredState, recording: consuming RestoredState
  ) {
    self.files = files
    self.folder = folder
    self.group = group
    self.instance = instance
    self.cpu = cpu
    self.events = events
    self.ownInstance = ownInstance
    self.recording = recording
  }

  private mutating func setUp(thread: Int32, calls: Int, clock: TraceClock) throws(Errno) {
    for probe in Self.probes {
      try files.write(
        "\(probe.kind):\(group)/\(probe.name) \(probe.function)\n", to: folder + "/kprobe_events")
    }
    if mkdir(files.root + instance, 0o750) != 0 { throw Errno(rawValue: errno) }
    try files.write(clock.rawValue, to: instance + "/trace_clock")
    // Time stamps as they are: the other formats round to microseconds.
    try files.write("raw", to: instance + "/trace_options")
    try files.write("common_pid == \(thread)", to: "\(instance)/events/\(group)/filter")
    // An instance begins with more than a megabyte for each CPU. Two records of at most 64 bytes a call.
    try files.write("1", to: instance + "/buffer_size_kb")
    try files.write(
      "\((calls + Self.emptyCalls) / 8 + 8)", to: "\(instance)/per_cpu/cpu\(cpu)/buffer_size_kb")
    for probe in Self.probes {
      guard let type = files.integer("\(instance)/events/\(group)/\(probe.name)/id") else {
        throw .noSuchFileOrDirectory
      }
      types.append(type)
    }
  }

  deinit { Self.remove(group, instance, folder, files) }

  /// From now on calls are recorded. It takes the kernel milliseconds.
  public func arm() throws(Refusal) {
    do throws(Errno) {
      try files.empty(recordsPath)
      try files.write("1", to: switchPath)
    } catch { throw Refusal.unsupported("arming the probes: \(error)") }
  }

  /// Takes the probes out of the functions again, after some calls of the empty one.
  public func disarm() throws(Refusal) {
    for _ in 0..<Self.emptyCalls { _ = getppid() }
    do throws(Errno) { try files.write("0", to: switchPath) } catch {
      throw Refusal.unsupported("disarming the probes: \(error)")
    }
  }

  /// How long the calls between `arm` and `disarm` took, in ticks of the clock, in their order.
  public func durations() throws(Refusal) -> (flushes: [UInt64], emptyCalls: [UInt64]) {
    let path = recordsPath
    guard let text = files.text(path) else { throw Refusal.unsupported("\(path) does not read") }
    guard let durations = Self.durations(text, types: types) else {
      throw Refusal.unsupported("\(path) does not show one return for each call")
    }
    return (durations[0], durations[1])
  }

  /// Reads lines `PID CPU TIME type: ID`, each entry followed by its return: those of `types[0]` and `types[1]`, those
  /// of the next two, and so on. Nil where they do not come in pairs.
  static func durations(_ text: String, types: [Int]) -> [[UInt64]]? {
    var durations = [[UInt64]](repeating: [], count: types.count / 2)
    var entry: (type: Int, time: UInt64)?
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) where line.first != UInt8(ascii: "#") {
      let words = line.split(separator: UInt8(ascii: " "))
      guard words.count >= 4, let time = UInt64(Substring(words[2])),
        let type = Int(Substring(words[words.count - 1])).flatMap({ types.firstIndex(of: $0) })
      else { return nil }
      if type.isMultiple(of: 2), entry == nil {
        entry = (type, time)
      } else if let began = entry, began.type + 1 == type, time >= began.time {
        durations[type / 2].append(time - began.time)
        entry = nil
      } else {
        return nil
      }
    }
    return entry == nil ? durations : nil
  }

  private var recordsPath: String { "\(instance)/per_cpu/cpu\(cpu)/trace" }
  private var switchPath: String { "\(instance)/events/\(group)/enable" }

  private static func removal(of group: String) -> String {
    probes.map { "-:\(group)/\($0.name)\n" }.joined()
  }

  /// Best effort: what is not there needs no removal.
  private static func remove(_ group: String, _ instance: String, _ folder: String, _ files: SystemFiles) {
    try? files.write("0", to: "\(instance)/events/\(group)/enable")
    rmdir(files.root + instance)
    try? files.write(removal(of: group), to: folder + "/kprobe_events")
  }

  /// Removes what processes that are gone have left.
  private static func removeStale(_ folder: String, _ files: SystemFiles) {
    let instances = files.names(in: folder + "/instances") ?? []
    let lines = (files.text(folder + "/kprobe_events") ?? "").split(separator: "\n")
    let left =
      instances.compactMap { number(after: "\(prefix)-", in: $0) }
      + lines.compactMap { line in
        line.split(separator: ":").dropFirst().first.flatMap { number(after: "\(prefix)_", in: $0) }
      }
    // A namesake of ours has not made anything yet.
    for pid in Set(left) where pid == getpid() || kill(pid, 0) != 0 && errno == ESRCH {
      remove("\(prefix)_\(pid)", "\(folder)/instances/\(prefix)-\(pid)", folder, files)
    }
  }

  private static func number(after prefix: String, in text: some StringProtocol) -> pid_t? {
    guard text.hasPrefix(prefix) else { return nil }
    return pid_t(text.dropFirst(prefix.count).prefix { $0.isNumber })
  }
}

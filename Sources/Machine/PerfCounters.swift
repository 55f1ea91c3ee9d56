// SPDX-License-Identifier: Apache-2.0
import CKernel
import Glibc
import SystemPackage

/// A group of perf_event_open(2)'s counters of the calling thread, read as a whole: one read(2) a reading, into memory
/// that is already resident.
///
/// The group is pinned, so that it counts all the time or not at all; a reading that shows otherwise is left out,
/// never scaled. What the kernel refuses is left out of the group, and `uncounted` says why.
struct PerfCounters: ~Copyable {
  /// What is counted, in the order of opening.
  private(set) var events: [PerfEvent] = []
  private(set) var uncounted: [UncountedEvent] = []
  /// Of `events`; the first one leads the group.
  private var descriptors: [Int32] = []
  private let before: UnsafeMutableBufferPointer<UInt64>
  private let after: UnsafeMutableBufferPointer<UInt64>
  /// Words read, 0 where the CPU's counters were lost, negative where reading failed.
  private var beforeWords: Int32 = 0
  private var afterWords: Int32 = 0

  /// Opens what there is of `wanted`, which is in the order of worth, and lets it count.
  /// - Parameter open: an event and the group's leader, -1 for the first; a descriptor or -errno.
  init(_ wanted: [PerfEvent], open: (PerfEvent, Int32) -> Int32 = PerfCounters.open) {
    before = Self.resident(Int(CKERNEL_PERF_HEAD_WORDS) + wanted.count)
    after = Self.resident(Int(CKERNEL_PERF_HEAD_WORDS) + wanted.count)
    for event in wanted {
      let descriptor = open(event, descriptors.first ?? -1)
      if descriptor < 0 {
        let error = Errno(rawValue: -descriptor)
        uncounted.append(UncountedEvent(event, UncountedEvent.Reason(error, joinsGroup: !events.isEmpty)))
      } else {
        events.append(event)
        descriptors.append(descriptor)
      }
    }
    // That the CPU could hold the group does not mean that its counters are free: others may have pinned some.
    while let leader = descriptors.first, !Self.starts(leader, before) {
      _ = close(descriptors.removeLast())
      uncounted.append(UncountedEvent(events.removeLast(), .taken))
    }
  }

  deinit {
    // The leader last: without it the others would be groups of their own.
    for descriptor in descriptors.reversed() { _ = close(descriptor) }
    before.deallocate()
    after.deallocate()
  }

  static func open(_ event: PerfEvent, leader: Int32) -> Int32 {
    var wanted = ckernel_perf_event(
      type: event.type, config: event.config, exclude_user: event.side == .kernel ? 1 : 0,
      exclude_kernel: event.side == .user ? 1 : 0)
    return ckernel_perf_open(&wanted, leader)
  }

  private static func starts(_ leader: Int32, _ words: UnsafeMutableBufferPointer<UInt64>) -> Bool {
    // On a core of another kind than the counters' it is enabled, but does not run.
    ckernel_perf_start(leader) == 0 && ckernel_perf_read(leader, words.baseAddress, words.count) > 0
      && words[1] == words[2]
  }

  private static func resident(_ words: Int) -> UnsafeMutableBufferPointer<UInt64> {
    let buffer = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: words)
    buffer.initialize(repeating: 0)
    return buffer
  }

  /// Frees the CPU's counters for a region in which a guest runs: each entry to it would switch them.
  mutating func pause() {
    guard let leader = descriptors.first else { return }
    _ = ckernel_perf_stop(leader)
    (beforeWords, afterWords) = (0, 0)
  }

  func resume() {
    guard let leader = descriptors.first else { return }
    _ = ckernel_perf_start(leader)
  }

  mutating func read(_ slot: CounterReader.Slot) {
    guard let leader = descriptors.first else { return }
    switch slot {
    case .before: beforeWords = ckernel_perf_read(leader, before.baseAddress, before.count)
    case .after: afterWords = ckernel_perf_read(leader, after.baseAddress, after.count)
    }
  }

  /// The last `after` less the last `before`; empty where the group did not count all the time between.
  func difference() -> [PerfEvent: Int64] {
    let counts = Self.counts(
      from: UnsafeBufferPointer(before).prefix(Int(max(beforeWords, 0))),
      to: UnsafeBufferPointer(after).prefix(Int(max(afterWords, 0))), of: events.count)
    return Dictionary(uniqueKeysWithValues: zip(events, counts ?? []))
  }

  /// What a group of `events` counted between two readings: their number, time enabled, time running, counts. Nil
  /// where a reading is not one of such a group, and where the group ran for less time than it was enabled.
  static func counts(from before: some Collection<UInt64>, to after: some Collection<UInt64>, of events: Int)
    -> [Int64]?
  {
    let head = Int(CKERNEL_PERF_HEAD_WORDS)
    let (before, after) = (Array(before), Array(after))
    guard before.count == head + events, after.count == head + events, before[0] == UInt64(events),
      after[0] == UInt64(events), case let enabled = after[1] &- before[1], enabled > 0,
      after[2] &- before[2] == enabled
    else { return nil }
    return zip(before, after).dropFirst(head).map { Int64(bitPattern: $1 &- $0) }
  }
}

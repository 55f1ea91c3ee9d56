// SPDX-License-Identifier: Apache-2.0
import GuestMemory
import Harness
import Model

/// The state that blocks find the direct map in, where the caller chooses it.
///
/// The first removal in a huge entry splits it and allocates a page table; restoring merges nothing. `split` takes
/// memory of the block's kind and size in and gives it back, again and again until nothing splits any more: the
/// allocator hands the same frames to the block. `cold` takes memory, and keeps it, until as much in a row as a
/// block has splits entries: the allocator has come to frames that none had before. From then on it keeps the frames of each block from the next.
///
/// How it can mislead: nobody can choose frames. Whether a block split anything is counted, machine-wide, around
/// every block (`level2_splits`, `level3_splits`); with `split` such a block is invalid, with `cold` a row tells in
/// how many of its blocks it happened.
enum DirectMap {
  private static let mostPasses = 8
  /// How far memory is searched for some that is not split yet: seconds, on a host that has run for long.
  private static let mostSearched = 4 << 30

  /// Whether the state can be had here; for a cold one, takes the memory out of the way that has been split already.
  static func prepare(_ measured: Case, _ context: MeasuringContext) throws(Refusal) {
    guard !context.withheld.isReady else { return }
    context.withheld.isReady = true
    let frames = (measured.pages * context.pageBytes + hugePageBytes - 1) / hugePageBytes
    var whole = 0
    do throws(Refusal) {
      for _ in 0..<mostSearched / hugePageBytes where whole < frames && !context.withheld.isSpent {
        let splits = try context.timed.splits { () throws(Refusal) in
          try context.withheld.grow(by: hugePageBytes)
        }
        // Not counted, or split.
        whole = splits != 0 ? whole + 1 : 0
      }
    } catch {
      throw .unsupported(
        "a cold direct map takes memfd_secret, to keep used memory out of the way: \(error.reason)",
        remedy: error.remedy)
    }
    // Others say of each row in how many blocks something split; of an aftermath no such block would count.
    if whole < frames, measured.benchmark == Aftermath.benchmark {
      throw .unsupported(
        "no \(frames) entries of 2 MiB in a row were whole in the memory that may be searched for them",
        remedy: "a smaller --size, or a reboot: what was split stays so")
    }
  }

  /// Takes the case's memory in and gives it back until that splits nothing. What lies in memory that others split
  /// takes it in as those do.
  static func split(_ measured: Case, _ context: MeasuringContext) throws(Refusal) {
    let splitter = measured.benchmark == Aftermath.benchmark ? Aftermath.removing(context) : nil
    for _ in 0..<mostPasses {
      let splits = try context.timed.splits { () throws(Refusal) in
        if let splitter { return try Aftermath.layPipes(measured, splitter, context) }
        guard measured.backing.isPrivate else {
          var subject = try BlockMemory(measured, context)
          return try subject.populate(measured, context)
        }
        let guest = try Guest.make(measured, context)
        try guest.touch()
      }
      if splits == 0 || splitter == nil && !measured.backing.removesDirectMap { return }
    }
  }
}

extension MeasuredOperation {
  /// The operation on a direct map in the state that its case asks for.
  var holdingDirectMap: MeasuredOperation {
    replacing { original, measured, context throws(Refusal) in
      switch measured.directMap {
      case nil: return try original(measured, context)
      case .split:
        try DirectMap.split(measured, context)
        return try original(measured, context)
      case .cold:
        if measured.backing.removesDirectMap { try DirectMap.prepare(measured, context) }
        let reading = try original(measured, context)
        // What keeps its entries leaves its frames as cold as it found them.
        if measured.backing.removesDirectMap {
          try context.withheld.grow(by: measured.pages * context.pageBytes)
        }
        return reading
      }
    }
  }
}

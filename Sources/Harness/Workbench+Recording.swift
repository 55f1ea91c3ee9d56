// SPDX-License-Identifier: Apache-2.0
import GuestMemory
import Helpers
import Machine
import Model

/// What a block leaves: samples from the ticks of its timed regions, and what else is known of it.
extension Workbench {
  /// What the busy CPUs say one by one of the last timed region.
  public func recordBystanders() {
    let rate = clock.ticksPerNanosecond
    let busy = companions.busy
    let places = companions.cpus.members.indices.filter { busy.contains(companions.cpus.members[$0]) }
    let booked = bookings
    var bystanders = Bystanders(cpus: busy)
    for place in places {
      bystanders.stolen.append(Double(booked[place].stolen) / rate)
      bystanders.gaps += companions.lengths(place, from: bookedBefore[place], to: bookedAfter[place])
        .map { Double($0) / rate }
    }
    bystanders.walks = Bystanders.Walks(places.map { booked[$0] }, ticksPerNanosecond: rate)
    reading.bystanders = bystanders
  }

  /// One sample a fault's worth of pages, from the chained stamps of the whole block.
  public func recordStamps(_ measured: Case) { recordStamps(ticks, pages: measured.pages, measured) }

  /// The same of `pages` pages of the block.
  public func recordStamps(_ stamps: UnsafePointer<UInt64>, pages: Int, _ measured: Case) {
    let run = pagesPerFault(measured, of: pages)
    let overhead = Int64(clock.pageOverheadTicks) * Int64(run)
    reading.samples.reserveCapacity(reading.samples.count + pages / run)
    for first in stride(from: 0, to: pages, by: run) {
      let ticks = Int64(bitPattern: stamps[first + run] &- stamps[first])
      record(ticks: ticks - overhead, per: run)
    }
    if (0..<pages).contains(where: { stamps[$0 + 1] < stamps[$0] }) {
      invalidate("the clock went backwards")
    }
  }

  /// A huge page's fault covers many touches, so its cost is spread over them. In random order those of one huge
  /// page are not neighbours: there the whole region, or a thread's part of it, is one sample.
  private func pagesPerFault(_ measured: Case, of pages: Int) -> Int {
    guard measured.backing == .anonymousHuge else { return 1 }
    return measured.order == .sequential ? hugePageBytes / pageBytes : pages
  }

  /// One sample a batch of the case's (the whole region, where it has none), from chained stamps.
  public func recordBatches(_ measured: Case) {
    let batch = measured.batch ?? measured.pages
    let starts = stride(from: 0, to: measured.pages, by: batch)
    reading.samples.reserveCapacity(measured.pages / batch + 1)
    for (index, first) in starts.enumerated() {
      let ticks = Int64(bitPattern: ticks[index + 1] &- ticks[index])
      record(ticks: ticks - Int64(clock.pageOverheadTicks), per: min(batch, measured.pages - first))
    }
  }

  /// One sample: the whole call, divided by the pages that it covered.
  public func recordCall(pages: Int) {
    record(ticks: Int64(bitPattern: ticks[0]) - Int64(clock.callOverheadTicks), per: pages)
  }

  /// One sample a call, of `count` calls timed one by one, each divided by the pages that it covered.
  public func recordCalls(_ count: Int, pages: Int = 1) {
    for call in 0..<count {
      record(ticks: Int64(bitPattern: ticks[call]) - Int64(clock.callOverheadTicks), per: pages)
    }
  }

  /// One sample a fault's worth of pages, from the guest's log, in ticks of the CPU's counter.
  public func recordGuestLog(_ log: UnsafeBufferPointer<UInt64>, _ measured: Case) {
    let run = pagesPerFault(measured, of: log.count)
    let rate = clock.counterTicksPerNanosecond ?? clock.ticksPerNanosecond
    let overhead = Int64(clock.counterOverheadTicks) * Int64(run)
    reading.samples += stride(from: 0, to: log.count, by: run).map { first in
      let ticks = log[first..<first + run].reduce(Int64(0)) { $0 + Int64(bitPattern: $1) }
      return Double(ticks - overhead) / rate / Double(run)
    }
  }

  /// One sample a bystander CPU in place of the faulting thread's: the time stolen from it, per page.
  public func replaceSamplesWithBookings(pages: Int) {
    let busy = companions.busy
    reading.samples = zip(companions.cpus.members, bookings).filter { busy.contains($0.0) }
      .map { Double($0.1.stolen) / clock.ticksPerNanosecond / Double(pages) }
  }

  private func record(ticks: Int64, per pages: Int) {
    reading.samples.append(Double(ticks) / clock.ticksPerNanosecond / Double(pages))
  }

  /// Takes the samples so far out of the block: for a method whose samples are made of them.
  public func takeSamples() -> [Double] {
    defer { reading.samples = [] }
    return reading.samples
  }

  /// The block's samples, in the unit of the case, and what the method says of them.
  public func record(samples: [Double], detail: MethodDetail) {
    reading.samples = samples
    reading.detail = detail
  }

  /// What the threads of a block came to, and what happened to those beside the measuring one.
  public func record(_ concurrency: Concurrency?, minorFaults: Int64, contextSwitches: Int64) {
    reading.concurrency = concurrency
    // They are of the measuring thread alone, for pages of which it touched a part.
    reading.counters.hardware = HardwareCounts()
    reading.counters.minorFaults? += minorFaults
    reading.counters.contextSwitches? += contextSwitches
  }

  /// What KVM counted of the timed vCPUs.
  public func record(_ stats: VirtualCPUStats) {
    reading.faultsTaken = stats.faultsTaken
    reading.faultsFixed = stats.faultsFixed
  }

  /// Calls of the kernel's flush in what was timed.
  public func record(flushes: Int) { reading.flushes = flushes }

  /// Host faults of filling the block's memory, outside what is timed.
  public func record(faultsUntimed: Int64) { reading.faultsUntimed = faultsUntimed }

  /// Marks the block as recorded but no result.
  public func invalidate(_ reason: String) {
    if reading.invalid == nil { reading.invalid = reason }
  }

  /// Asks the kernel where the pages lie; misplaced pages make the block invalid.
  ///
  /// - Parameter process: whose pages; 0 for this one's.
  public func verifyPlacement(
    _ base: UnsafeMutableRawPointer, of process: Int32 = 0, pages: Int, node: Int
  ) {
    reading.placement = Placement.check(
      base: base, of: process, pageBytes: pageBytes, count: pages, expected: node, topology: topology)
    if process == 0 { reading.newFrames = frameLedger.note(base, pages: pages) }
    if case .misplaced(let count) = reading.placement {
      invalidate("\(count) of \(pages) pages are not on node \(node)")
    }
  }

  /// Memory without a user mapping cannot be asked for: on a one-node machine there is no other place.
  public func assumePlacement() {
    reading.placement = topology.hasNUMA ? .unknown : .onlyNode
  }
}

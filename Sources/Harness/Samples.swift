// SPDX-License-Identifier: Apache-2.0
import GuestMemory
import Model

/// The samples of a block: one value per timed call, per page (or per VM), in the case's unit.
public struct Samples {
  public var values: [Double]
  /// Why they give no result.
  public var shortcoming: String?

  public init(_ values: [Double], shortcoming: String? = nil) {
    self.values = values
    self.shortcoming = shortcoming
  }

  /// Adds those of another part of the block.
  public mutating func append(_ part: Samples) {
    values += part.values
    shortcoming = shortcoming ?? part.shortcoming
  }
}

/// Samples from the ticks that a timed region left in the buffers.
extension MeasuringContext {
  /// The reading of a block that was timed once.
  public func reading(_ samples: Samples, _ counted: Counted, _ placed: Placed) -> BlockReading {
    var reading = BlockReading(
      samples: samples.values, counters: counted.counters, placement: placed.placement)
    reading.frames = placed.frames
    reading.faultsUntimed = placed.faultsUntimed
    if !counted.busy.isEmpty {
      reading.gaps = counted.bystanders.reduce(0) { $0 + $1.difference.gaps }
      reading.stolen =
        Double(counted.bystanders.reduce(0) { $0 + $1.difference.stolen }) / clock.ticksPerNanosecond
    }
    for reason in [counted.shortcoming, samples.shortcoming, placed.shortcoming] {
      reading.invalidate(reason)
    }
    return reading
  }

  /// One sample a fault's worth of pages, from the chained stamps of the whole block.
  public func stampSamples(_ measured: Case) -> Samples {
    stampSamples(buffers.ticks, pages: measured.pages, measured)
  }

  /// The same of `pages` pages of the block.
  public func stampSamples(_ stamps: UnsafePointer<UInt64>, pages: Int, _ measured: Case) -> Samples {
    let run = pagesPerFault(measured, of: pages)
    let overhead = Int64(clock.pageOverheadTicks) * Int64(run)
    let values = stride(from: 0, to: pages, by: run).map { first in
      let ticks = Int64(bitPattern: stamps[first + run] &- stamps[first])
      return sample(ticks: ticks - overhead, per: run)
    }
    let runsBackwards = (0..<pages).contains { stamps[$0 + 1] < stamps[$0] }
    return Samples(values, shortcoming: runsBackwards ? "the clock went backwards" : nil)
  }

  /// A huge page's fault covers many touches, so its cost is spread over them. In random order those of one huge
  /// page are not neighbours: there the whole region, or a thread's part of it, is one sample.
  private func pagesPerFault(_ measured: Case, of pages: Int) -> Int {
    guard measured.backing.isHuge else { return 1 }
    return measured.order == .sequential ? hugePageBytes / pageBytes : pages
  }

  /// One sample a batch of the case's (the whole region, where it has none), from chained stamps.
  public func batchSamples(_ measured: Case) -> Samples {
    let batch = measured.batch ?? measured.pages
    let ticks = buffers.ticks
    let starts = stride(from: 0, to: measured.pages, by: batch)
    return Samples(
      starts.enumerated().map { index, first in
        let own = Int64(bitPattern: ticks[index + 1] &- ticks[index])
        return sample(
          ticks: own - Int64(clock.pageOverheadTicks), per: min(batch, measured.pages - first))
      })
  }

  /// One sample: the whole call, divided by the pages that it covered.
  public func callSample(pages: Int) -> Samples { callSamples(1, pages: pages) }

  /// One sample a call, of `count` calls timed one by one, each divided by the pages that it covered.
  public func callSamples(_ count: Int, pages: Int = 1) -> Samples {
    let ticks = buffers.ticks
    return Samples(
      (0..<count).map { call in
        sample(ticks: Int64(bitPattern: ticks[call]) - Int64(clock.callOverheadTicks), per: pages)
      })
  }

  /// One sample a fault's worth of pages, from the guest's log, in ticks of the CPU's counter.
  public func guestSamples(_ log: UnsafeBufferPointer<UInt64>, _ measured: Case) -> Samples {
    let run = pagesPerFault(measured, of: log.count)
    let rate = clock.counterTicksPerNanosecond ?? clock.ticksPerNanosecond
    let overhead = Int64(clock.counterOverheadTicks) * Int64(run)
    return Samples(
      stride(from: 0, to: log.count, by: run).map { first in
        let ticks = log[first..<first + run].reduce(Int64(0)) { $0 + Int64(bitPattern: $1) }
        return Double(ticks - overhead) / rate / Double(run)
      })
  }

  /// One sample a busy CPU: the time stolen from it, per page.
  public func stolenSamples(_ counted: Counted, pages: Int) -> Samples {
    Samples(
      counted.bystanders.filter { counted.busy.contains($0.cpu) }.map {
        Double($0.difference.stolen) / clock.ticksPerNanosecond / Double(pages)
      })
  }

  private func sample(ticks: Int64, per pages: Int) -> Double {
    Double(ticks) / clock.ticksPerNanosecond / Double(pages)
  }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation

@testable import Analysis
@testable import Model
@testable import Statistics

/// Runs made by hand, for comparisons.
enum Made {
  static let passes = 8
  static let blocks = 4

  /// A series of blocks by pass and block.
  static func series(
    passes: Int = Made.passes, blocks: Int = Made.blocks, hasPasses: Bool = true, trips: Double? = nil,
    probes: (Int) -> Probes = { _ in Probes() }, value: (_ pass: Int, _ block: Int) -> Double
  ) -> BlockSeries {
    var series = BlockSeries()
    for pass in 0..<passes {
      for block in 0..<blocks {
        let place = BlockPlace(
          round: pass * blocks + block + 1, pass: hasPasses ? pass + 1 : nil, probes: probes(pass))
        series.add(median: value(pass, block), at: place, trips: trips)
      }
    }
    return series
  }

  /// Blocks close around a value: ± 0.2 %, in one of several ways.
  static func tight(_ center: Double, way: Int = 0) -> BlockSeries {
    series { pass, block in center * (1 + 0.002 * sin(Double(3 * pass + 5 * block + 7 * way))) }
  }

  static func recorded(
    _ key: String, _ series: BlockSeries, unit: String = "ns", baseline: String? = nil,
    traits: [RecordedCase.Trait: String] = [:]
  ) -> RecordedCase {
    RecordedCase(key: key, unit: unit, evidence: .blocks(series), baseline: baseline, traits: traits)
  }

  static let base = "b/o/guest_memfd/p=1"
  static let arm = "b/o/memfd/p=1"
  static let anonymous = "b/o/anonymous/p=1"

  /// A baseline, and arms at so many times its value.
  static func arms(base: Double = 1000, _ ratios: [String: Double], id: String? = nil) -> ComparedRun {
    ComparedRun(
      name: id ?? "run", runID: id, startedAt: 0,
      cases: [recorded(Made.base, tight(base))]
        + ratios.sorted { $0.key < $1.key }.map { key, ratio in
          recorded(key, tight(base * ratio, way: 1), baseline: Made.base)
        })
  }

  /// A run of these cases alone.
  static func run(_ cases: [RecordedCase], id: String? = nil, state: [Double?]? = nil) -> ComparedRun {
    ComparedRun(
      name: id ?? "run", runID: id, startedAt: 0, cases: cases, state: state ?? MachineState().center)
  }

  /// A case without other arms in a run of its own.
  static func alone(_ center: Double, unit: String = "ns", key: String = "a") -> ComparedRun {
    run([recorded(key, tight(center), unit: unit)])
  }
}

extension Comparison {
  func row(_ key: String) -> Row? { rows.first { $0.key == key } }
}

/// Normal values of a seeded stream.
struct Normal {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func next() -> Double {
    let (radius, angle) = (
      Double.random(in: 1e-300..<1, using: &generator), Double.random(in: 0..<1, using: &generator)
    )
    return (-2 * log(radius)).squareRoot() * cos(2 * .pi * angle)
  }
}

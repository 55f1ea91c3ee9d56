// SPDX-License-Identifier: Apache-2.0
import Analysis
import Testing

@testable import History

@Suite struct AcknowledgingTests {
  private let scratch = Scratch()

  private func known(_ note: String) -> Acknowledgement {
    Acknowledgement(
      series: MadeRun().series(), kind: .effect, earliest: "2026-01-01T02:00:00Z",
      latest: "2026-01-03T02:00:00Z",
      note: note, madeAt: "2026-01-04T08:00:00Z")
  }

  @Test func theyAreKeptAndTakenBack() throws {
    let database = try SeriesDatabase(scratch("h.sqlite"), for: .adding)
    try database.acknowledge([known("one"), known("two")])
    let kept = try SeriesDatabase(scratch("h.sqlite"), for: .reading).acknowledgements()
    #expect(kept.map(\.note) == ["one", "two"] && kept.map(\.kind) == [.effect, .effect])
    #expect(kept[0].series == MadeRun().series())
    #expect(try database.withdraw(try #require(kept[0].id)))
    #expect(try !database.withdraw(99))
    #expect(try database.acknowledgements().map(\.note) == ["two"])
  }

  @Test func aRebuildKeepsThem() throws {
    try MadeRun().write(scratch("a"))
    do {
      let database = try SeriesDatabase(scratch("h.sqlite"), for: .adding)
      try database.add(folder: scratch("a"))
      try database.acknowledge([known("one")])
    }
    _ = try SeriesDatabase.rebuild(scratch("h.sqlite")) { try $0.add(folder: scratch("a")) }
    let rebuilt = try SeriesDatabase(scratch("h.sqlite"), for: .reading)
    #expect(try rebuilt.acknowledgements().map(\.note) == ["one"])
    #expect(try rebuilt.points(of: MadeRun().series()).count == 1)
  }

  @Test func historiesHaveEverySeriesOnceInOrder() throws {
    let database = try SeriesDatabase(scratch("h.sqlite"), for: .adding)
    for day in [2, 1, 3] {
      try MadeRun(day: day, value: Double(100 * day)).write(scratch("\(day)"))
      try database.add(folder: scratch("\(day)"), isLatest: false)
    }
    let histories = try database.histories()
    #expect(histories.count == 3)
    let touch = try #require(histories.first { $0.series == MadeRun().series() })
    #expect(touch.points.map(\.runID) == ["night-1", "night-2", "night-3"])
    #expect(touch.points.compactMap(\.value?.value) == [101, 201, 301])
    #expect(try database.points(of: touch.series).map(\.runID) == touch.points.map(\.runID))
  }
}

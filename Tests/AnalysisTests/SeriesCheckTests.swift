// SPDX-License-Identifier: Apache-2.0
import Foundation
import Statistics
import Testing

@testable import Analysis
@testable import Model

/// Histories with known truth: a baseline and two arms, each night's values with a little scatter.
@Suite struct SeriesCheckTests {
  private let machine = "machine"
  private let nights = 60
  private let baseline = "fault-in/touch/guest_memfd/pages=512"
  private let flag = "fault-in/touch/guest_memfd_no_direct_map/pages=512"
  private let proxy = "fault-in/touch/memfd_secret/pages=512"

  private func start(_ night: Int) -> String { "2026-\(10 + night / 28)-\(10 + night % 28)T02:00:00Z" }

  /// Medians of an arm night by night, and from them ratios to the baseline's.
  private func histories(
    _ unit: SampleUnit = .nanoseconds, nights: Int? = nil, _ level: (_ key: String, _ night: Int) -> Double
  ) -> [SeriesHistory] {
    var generator = SeededGenerator(seed: 3)
    func figure(_ value: Double) -> LocationEstimate {
      LocationEstimate(value: value, interval: Interval(low: value, high: value))
    }
    var points: [String: [SeriesPoint]] = [:]
    for night in 0..<(nights ?? self.nights) {
      let scattered = [baseline, flag, proxy].map { key in
        let scatter = unit == .instructions ? 0 : Double.random(in: -0.005...0.005, using: &generator)
        return (key, level(key, night) * (1 + scatter))
      }
      for (key, value) in scattered {
        points[key, default: []].append(
          SeriesPoint(
            runID: "run-\(night)", startedAt: start(night), runStatus: "complete", kernelRelease: "6.18",
            status: "ok", reason: "", blocks: 10, value: figure(value),
            ratio: key == baseline ? nil : figure(value / scattered[0].1),
            baseline: key == baseline ? "" : baseline))
      }
    }
    return [baseline, flag, proxy].map { key in
      SeriesHistory(
        series: Series(machineKey: machine, key: key, unit: unit.rawValue), points: points[key] ?? [])
    }
  }

  private func check(
    _ histories: [SeriesHistory], meaningChanges: Bool = false
  ) -> SeriesCheck {
    SeriesCheck(histories, rule: SeriesCheck.Rule()) { change in
      meaningChanges && change.series.key == flag
    }
  }

  private func plain(_ key: String) -> Double { key == baseline ? 100 : key == flag ? 500 : 700 }

  @Test func nothingChanges() {
    let check = check(histories { key, _ in plain(key) })
    #expect(check.changes.isEmpty && check.series == 3 && check.tooFew == 0 && check.unjudged == 0)
  }

  @Test func aStepOfOneArmIsARegressionOfItsEffect() throws {
    let check = check(histories { key, night in plain(key) * (key == flag && night >= 30 ? 1.05 : 1) })
    let change = try #require(check.changes.first)
    #expect(check.changes.count == 1 && change.series.key == flag && change.kind == .effect)
    #expect(change.isAlarm && change.after.runID == "run-30" && change.before.runID == "run-29")
    #expect(abs(change.change.ratio.value - 1.05) < 0.005 && change.change.ratio.interval.contains(1.05))
    #expect(abs(change.levelBefore - 5) < 0.02 && abs(change.levelAfter - 5.25) < 0.02)
  }

  @Test func whatAllShareIsTheMachine() {
    let check = check(histories { key, night in plain(key) * (night >= 30 ? 1.15 : 1) })
    #expect(check.alarms.isEmpty && check.changes.count == 3)
    #expect(check.changes.allSatisfy { $0.verdict == .machine && $0.kind == .absolute })
  }

  @Test func aBaselineThatIsSlowerAloneIsARegressionAndItsArmsAreNot() {
    let check = check(histories { key, night in plain(key) * (key == baseline && night >= 30 ? 1.1 : 1) })
    #expect(check.alarms.map(\.series.key) == [baseline])
    #expect(check.changes.count { $0.verdict == .baseline } == 2)
  }

  @Test func aFasterBaselineIsNoRegressionOfItsArms() {
    let check = check(histories { key, night in plain(key) * (key == baseline && night >= 30 ? 0.9 : 1) })
    #expect(check.alarms.isEmpty && check.changes.contains { $0.verdict == .improvement })
  }

  @Test func improvementsAndWhatWentBackAreNoAlarms() {
    let faster = check(histories { key, night in plain(key) * (key == flag && night >= 30 ? 0.9 : 1) })
    #expect(faster.changes.map(\.verdict) == [.improvement] && faster.alarms.isEmpty)
    let back = check(
      histories { key, night in plain(key) * (key == flag && (20..<40).contains(night) ? 1.1 : 1) })
    #expect(back.changes.count == 2 && back.alarms.isEmpty)
    #expect(back.changes.first { $0.verdict == .regression }?.isUndone == true)
  }

  /// Interrupts take 10 % longer from night 30 on, and the proxy's fault with them.
  @Test(arguments: [true, false])
  func whatTheProbesExplainIsNoRegression(knowsState: Bool) throws {
    let slope = 0.9
    var made = histories { key, night in plain(key) * (key == proxy && night >= 30 ? pow(1.1, slope) : 1) }
    for series in made.indices where made[series].series.key == proxy {
      for night in made[series].points.indices {
        let state: [Double?] = [Foundation.log(night >= 30 ? 1100.0 : 1000.0), nil, nil]
        made[series].points[night].adjusted = made[series].points[night].ratio.map {
          AdjustedEffect(ratio: $0, slopes: [slope, nil, nil], state: knowsState ? state : [])
        }
      }
    }
    let check = check(made)
    #expect(check.changes.contains { $0.kind == .effect } != knowsState)
    #expect(check.alarms.map(\.series.key) == (knowsState ? [] : [proxy]))
    #expect(check.adjusted == (knowsState ? 1 : 0) && check.judged == 5)
    #expect(abs(try #require(check.falseAlarmsPerYear) - 0.3) < 1e-9)
    let history = try #require(made.first { $0.series.key == proxy })
    let known = RunHistory([history], without: []).ratios(of: proxy, to: baseline, unit: history.series.unit)
    #expect(try (#require(known).variance.squareRoot() < 0.008) == knowsState)
  }

  @Test func anEffectMovesWithTheStateByItsSlopes() throws {
    let ratio = LocationEstimate(value: 2, interval: Interval(low: 1, high: 4))
    let effect = AdjustedEffect(ratio: ratio, slopes: [0.5, nil, -1], state: [0, 3, 1])
    let moved = try #require(effect.ratio(at: [log(4), nil, 1 + log(2)]))
    #expect(abs(moved.value - 2) < 1e-12 && abs(moved.interval.high - 4) < 1e-12)
    #expect(effect.ratio(at: [nil, nil, 1]) == nil && effect.ratio(at: []) == nil)
  }

  @Test func whatAFigureMeansNowIsNoRegression() {
    let check = check(
      histories { key, night in plain(key) * (key == flag && night >= 30 ? 1.3 : 1) }, meaningChanges: true)
    #expect(!check.changes.isEmpty && check.changes.allSatisfy { $0.verdict == .meaning })
    #expect(check.alarms.isEmpty)
  }

  @Test func oneNightEachTellsCountedInstructionsApart() throws {
    let check = check(
      histories(.instructions, nights: 2) { key, night in plain(key) + (key == flag && night == 1 ? 10 : 0) })
    #expect(check.alarms.map(\.series.key) == [flag] && check.tooFew == 0)
    #expect(check.alarms.first?.after.runID == "run-1")
    let small = self.check(
      histories(.instructions, nights: 2) { key, night in plain(key) + (key == flag && night == 1 ? 4 : 0) })
    #expect(small.changes.isEmpty)
  }

  @Test func tooFewNightsAreCountedAndZerosAreNot() {
    #expect(check(histories(nights: 13) { key, _ in plain(key) }).tooFew == 5)
    let zero = check(histories { key, night in key == proxy && night == 3 ? 0 : plain(key) })
    #expect(zero.unjudged == 2)
  }

  @Test func anotherBaselineStartsTheEffectAnew() {
    var made = histories { key, night in plain(key) * (key == flag && night < 30 ? 2 : 1) }
    let index = made.firstIndex { $0.series.key == flag } ?? 0
    for night in 0..<30 { made[index].points[night].baseline = proxy }
    let check = check(made)
    #expect(!check.changes.contains { $0.kind == .effect })
  }

  @Test func anAcknowledgementCoversItsChangeWhereverItMovesTo() throws {
    let level = { (key: String, night: Int) in self.plain(key) * (key == self.flag && night >= 30 ? 1.05 : 1)
    }
    let early = try #require(check(histories(.nanoseconds, nights: 40, level)).changes.first)
    let known = Acknowledgement(of: early, note: "", madeAt: "")
    #expect(known.covers(try #require(check(histories(.nanoseconds, nights: nil, level)).changes.first)))
    let later = check(histories { key, night in plain(key) * (key == flag && night >= 50 ? 1.05 : 1) })
    #expect(!known.covers(try #require(later.changes.first)))
  }

  @Test func measuredAgainIsOnTheSideThatItIsNearerTo() throws {
    var change = try #require(
      check(histories { key, night in plain(key) * (key == flag && night >= 30 ? 1.05 : 1) }).changes.first)
    change.measuredAgain(5.2)
    #expect(change.again == .confirmed(5.2) && change.isAlarm)
    change.measuredAgain(5.05)
    #expect(change.again == .refuted(5.05) && !change.isAlarm && change.isOpen)
  }
}

// SPDX-License-Identifier: Apache-2.0
import Glibc
import Model

/// One line on a terminal that says what runs, rewritten in place at most ten times a second. It goes to standard
/// error, so that standard output holds results alone; a place that is no terminal should not get one.
public final class ProgressLine: RunObserver {
  private let descriptor: Int32
  private let now: () -> Double
  private var shownAt = -Double.infinity
  private var isShown = false

  private static let interval = 0.1

  /// `now` tells seconds from any start.
  public init(descriptor: Int32 = STDERR_FILENO, now: @escaping () -> Double = ProgressLine.monotonicSeconds)
  {
    self.descriptor = descriptor
    self.now = now
  }

  /// Whether a progress line makes sense there.
  public static func isTerminal(_ descriptor: Int32 = STDERR_FILENO) -> Bool { isatty(descriptor) == 1 }

  /// CLOCK_MONOTONIC in seconds.
  public static func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  public func progressed(_ state: RunProgress) {
    let time = now()
    guard time - shownAt >= Self.interval else { return }
    shownAt = time
    isShown = true
    // The last column stays free: some terminals wrap as soon as it is written.
    show("\r\u{1B}[2K" + Self.text(state).prefix(TerminalWidth.of(descriptor, least: 2) - 1))
  }

  /// Leaves the line empty, for whatever is printed next.
  public func clear() {
    if isShown { show("\r\u{1B}[2K") }
    isShown = false
  }

  static func text(_ state: RunProgress) -> String {
    "pass \(state.pass) of \(state.passes): \(state.benchmark) \(state.operation), "
      + "others=\(state.others.rawValue), \(Figures.fixed(max(0, state.secondsLeft), 0)) s left"
  }

  /// A terminal that went away is no reason to stop measuring.
  private func show(_ text: some StringProtocol) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard written > 0 else { return }
      bytes = bytes.dropFirst(written)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Columns of the place where a text is read.
public enum TerminalWidth {
  /// Those of the terminal; 80 where the descriptor is none, or does not tell.
  ///
  /// - Parameter least: what is returned for a narrower one. Figures that belong together need 60.
  public static func of(_ descriptor: Int32, least: Int = 60) -> Int {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return max(least, Int(size.ws_col))
  }
}

// SPDX-License-Identifier: Apache-2.0
import Model

/// Colours and fonts of every chart, light and dark. An arm has the same colour and mark in all of them, chosen by its
/// backing; the colours differ in lightness too, so that a reader who sees few hues still tells them apart.
enum ChartStyle {
  private static let light = [
    "#6b6b6b", "#8c6d00", "#3097d4", "#c64f00", "#00447f", "#00825f", "#b0307a", "#6a2fa0",
  ]
  private static let dark = [
    "#a8a8a8", "#e3c54a", "#8fd6ff", "#ff8d42", "#4f93ff", "#35d0a0", "#ff86c8", "#c39bff",
  ]

  /// No custom properties: converters of SVG to other formats do not know them. Paper is always light.
  static let css: String = {
    var css = """
      svg.gmb{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}\
      .gmb .bg{fill:#fff}.gmb .t{fill:#1f2328}.gmb .h{fill:#1f2328;font-weight:600;font-size:13px}\
      .gmb .d{fill:#59636e}.gmb .n{fill:#59636e;font-size:11px}.gmb .grid{stroke:#d8dde3;stroke-width:1;fill:none}\
      .gmb .axis{stroke:#7d868f;stroke-width:1;fill:none}.gmb .one{stroke:#59636e;stroke-width:1.5;fill:none}\
      .gmb .band{fill:#f0f3f6}.gmb .l{fill:none;stroke-width:1.8;stroke-linejoin:round}.gmb .w{stroke-width:2.4;fill:none}\
      .gmb .m{stroke-width:1.2}.gmb .s{stroke-width:.8}.gmb .o{stroke-dasharray:5 3}.gmb .cell{stroke:#fff;stroke-width:2}.gmb .heat{fill:#0072b2}
      """
    css += colours(light)
    css += "@media screen and (prefers-color-scheme:dark){"
    css += """
      .gmb .bg{fill:#0d1117}.gmb .t,.gmb .h{fill:#e6edf3}.gmb .d,.gmb .n{fill:#9da7b1}.gmb .grid{stroke:#2b323b}\
      .gmb .axis{stroke:#7d868f}.gmb .one{stroke:#b1bac4}.gmb .band{fill:#171d25}.gmb .cell{stroke:#0d1117}.gmb .heat{fill:#4f93ff}
      """
    return css + colours(dark) + "}"
  }()

  private static func colours(_ colours: [String]) -> String {
    colours.enumerated().map { index, colour in
      // Marks are filled, lines are not: a class of two wins over one.
      ".gmb .k\(index){stroke:\(colour)}.gmb .k\(index).m,.gmb .k\(index).s,.gmb .k\(index).f{fill:\(colour)}"
    }
    .joined()
  }

  /// The place of a backing among the colours and marks; what is none of ours follows its order of appearance.
  static func index(ofBacking backing: String, fallback: Int) -> Int {
    let known = Backing(rawValue: backing).flatMap { Backing.allCases.firstIndex(of: $0) }
    return (known ?? fallback) % light.count
  }
}

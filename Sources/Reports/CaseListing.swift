// SPDX-License-Identifier: Apache-2.0

/// What `list` shows: every case, and why one is not available.
public enum CaseListing {
  /// One line a case: its key, then `ok` or the reason with its remedy. `availability` is nil where the case can
  /// be measured.
  public static func render(_ cases: [(key: String, availability: String?)], color: Bool) -> String {
    let style = Style(color: color)
    let width = cases.map(\.key.count).max() ?? 0
    let lines = cases.map { entry in
      let key = entry.key + String(repeating: " ", count: width - entry.key.count)
      return "\(key)  \(entry.availability.map { style.dim("no: \($0)") } ?? "ok")\n"
    }
    let available = cases.count { $0.availability == nil }
    return lines.joined() + "\(available) of \(cases.count) cases can be measured here\n"
  }
}

// SPDX-License-Identifier: Apache-2.0
import Model

/// Cases under headings, so that what their keys have in common stands once.
struct KeyGroup {
  /// `fault-in touch`; empty where the keys are not of our form.
  let name: String
  /// `fault-in touch   pages=512 order=sequential …`; empty likewise.
  let heading: String
  /// The keys in their order, each with what tells it from the others.
  let members: [(key: String, label: String)]

  /// Groups keys by benchmark and operation, in order of appearance. A key without those (any text, from
  /// elsewhere) is its own label.
  static func make(_ keys: [String]) -> [KeyGroup] {
    var order: [String] = []
    var groups: [String: [[String]]] = [:]
    for key in keys {
      let parts = key.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      let name = parts.count >= Axis.bare.count ? "\(parts[0]) \(parts[1])" : ""
      if groups[name] == nil { order.append(name) }
      groups[name, default: []].append(parts)
    }
    return order.map { KeyGroup(name: $0, keys: groups[$0] ?? []) }
  }

  private init(name: String, keys: [[String]]) {
    self.name = name
    guard !name.isEmpty, let first = keys.first else {
      heading = ""
      members = keys.map { $0.joined(separator: "/") }.map { ($0, $0) }
      return
    }
    let bare = Axis.bare.count
    let common = first.dropFirst(bare).filter { part in keys.allSatisfy { $0.dropFirst(bare).contains(part) }
    }
    heading = common.isEmpty ? name : "\(name)   \(common.joined(separator: " "))"
    members = keys.map { parts in
      let own = parts.dropFirst(bare).filter { !common.contains($0) }
      return (parts.joined(separator: "/"), ([parts[2]] + own).joined(separator: " "))
    }
  }

  /// `fault-in touch: anonymous, memfd`, a line a group; with what the keys have in common where that matters.
  static func listing(_ keys: [String], showsCommon: Bool) -> String {
    make(keys).map { group in
      let labels = group.members.map(\.label).joined(separator: ", ")
      let heading = showsCommon ? group.heading : group.name
      return "  \(heading.isEmpty ? "" : "\(heading): ")\(labels)\n"
    }.joined()
  }
}

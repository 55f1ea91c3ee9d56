// SPDX-License-Identifier: Apache-2.0

/// What an axis has for a value: it is written in keys and columns, and read back.
protocol AxisValue: Hashable, Sendable {
  var axisText: String { get }
  init?(axisText: String)
}

extension AxisValue where Self: RawRepresentable<String> {
  var axisText: String { rawValue }
  init?(axisText: String) { self.init(rawValue: axisText) }
}

extension Backing: AxisValue {}
extension AccessOrder: AxisValue {}
extension OthersState: AxisValue {}
extension BlockState: AxisValue {}
extension DirectMapSetting: AxisValue {}
extension FlushSetting: AxisValue {}
extension SiblingState: AxisValue {}

extension String: AxisValue {
  var axisText: String { self }
  init?(axisText: String) { self = axisText }
}

extension Int: AxisValue {
  var axisText: String { description }
  init?(axisText: String) { self.init(axisText) }
}

extension BusyCPUs: AxisValue {
  var axisText: String { text }

  /// Reads `2:spin` and `2:spin@1`.
  init?(axisText: String) {
    let parts = axisText.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let count = Int(parts[0]) else { return nil }
    let place = parts[1].split(separator: "@", omittingEmptySubsequences: false)
    guard let state = place.first.flatMap({ BusyState(rawValue: String($0)) }), place.count <= 2 else {
      return nil
    }
    self.init(count, state)
    guard place.count == 2 else { return }
    guard let node = Int(place[1]) else { return nil }
    self.node = node
  }
}

// SPDX-License-Identifier: Apache-2.0
import Machine
import Model
import SystemPackage

/// Takes CPUs offline and back through `/sys/devices/system/cpu/cpuN/online`. All are online again when its owner
/// goes, and whatever ends the process (``Journal``).
///
/// It changes the machine for everybody: tasks leave a CPU that goes, and those that are bound to it alone lose their
/// binding for good.
public struct OnlineCPUs: ~Copyable {
  /// The CPUs that stay, and those that can go, ascending.
  private let staying: CPUSet
  private let removable: CPUSet
  private let files: SystemFiles
  // A list by hand, since no collection takes noncopyable elements.
  private final class Offline {
    let state: RestoredState
    init(_ state: consuming RestoredState) { self.state = state }
  }
  private var offline: [Int: Offline] = [:]

  private static func path(_ cpu: Int) -> String { "/sys/devices/system/cpu/cpu\(cpu)/online" }

  /// Throws where fewer than `least` numbers of online CPUs can be had; changes nothing.
  /// - Parameters:
  ///   - cpu: the one that stays whatever happens.
  ///   - online: the CPUs online now.
  public static func check(
    beside cpu: Int, online: CPUSet, least: Int, files: SystemFiles = SystemFiles()
  ) throws(Refusal) {
    let refusals = online.members.filter { $0 != cpu }.compactMap { files.writeRefusal(path($0)) }
    let reachable = online.count - refusals.count
    guard reachable < least else { return }
    // Without the file a CPU is there to stay (CPU 0 on x86 since 6.5), or the kernel knows no hotplug.
    if let error = refusals.first(where: { $0 != .noSuchFileOrDirectory }) {
      throw Refusal.unsupported(
        "/sys/devices/system/cpu/cpuN/online: \(error)", remedy: "root, and a writable /sys")
    }
    throw Refusal.unsupported(
      "of \(online.count) online CPUs \(reachable - 1) can be taken offline, and \(least - 1) have to be")
  }

  /// Why one of these CPUs cannot be taken offline; changes nothing.
  public static func refusal(of cpus: CPUSet, files: SystemFiles = SystemFiles()) -> Refusal? {
    for cpu in cpus.members {
      switch files.writeRefusal(path(cpu)) {
      case nil: continue
      case .some(.noSuchFileOrDirectory): return .unsupported("CPU \(cpu) cannot be taken offline")
      case .some(let error):
        return .unsupported("\(path(cpu)): \(error)", remedy: "root, and a writable /sys")
      }
    }
    return nil
  }

  public init(beside cpu: Int, online: CPUSet, files: SystemFiles = SystemFiles()) {
    self.files = files
    removable = CPUSet(
      online.members.filter { $0 != cpu && files.writeRefusal(Self.path($0)) == nil })
    staying = online.subtracting(removable)
  }

  deinit {
    // A failure is for `restore` to say: here nobody listens.
    for cpu in offline.keys { try? files.write("1", to: Self.path(cpu)) }
  }

  /// The numbers of online CPUs that can be had, ascending.
  public var counts: ClosedRange<Int> { staying.count...staying.count + removable.count }

  /// The CPUs that are online where `count` are: the highest go first.
  public func remaining(_ count: Int) -> CPUSet {
    CPUSet(staying.members + removable.members.prefix(count - staying.count))
  }

  /// Leaves these CPUs online, and those that cannot be taken offline.
  public mutating func keep(_ remaining: CPUSet) throws(Refusal) {
    for cpu in removable.members where remaining.contains(cpu) { try bringBack(cpu) }
    for cpu in removable.members.reversed() where !remaining.contains(cpu) && offline[cpu] == nil {
      do throws(Errno) {
        offline[cpu] = Offline(try RestoredState(files.root + Self.path(cpu), "1"))
        try files.write("0", to: Self.path(cpu))
      } catch { throw Refusal.unsupported("taking CPU \(cpu) offline: \(error)") }
    }
  }

  /// Brings every CPU back and says whether that worked.
  public consuming func restore() throws(Refusal) {
    for cpu in removable.members { try bringBack(cpu) }
  }

  private mutating func bringBack(_ cpu: Int) throws(Refusal) {
    guard offline[cpu] != nil else { return }
    do throws(Errno) { try files.write("1", to: Self.path(cpu)) } catch {
      throw Refusal.unsupported("bringing CPU \(cpu) back: \(error)", remedy: "echo 1 > \(Self.path(cpu))")
    }
    offline[cpu] = nil
  }
}

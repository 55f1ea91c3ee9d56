// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Glibc
import Harness
import Model
import Suite
import SystemPackage

extension PlanName: ExpressibleByArgument {}
extension Backing: ExpressibleByArgument {}
extension AccessOrder: ExpressibleByArgument {}
extension OthersState: ExpressibleByArgument {}
extension SiblingState: ExpressibleByArgument {}
extension BlockState: ExpressibleByArgument {}
extension DirectMapSetting: ExpressibleByArgument {}
extension ClockChoice: ExpressibleByArgument {}

/// Writes text for people. A reader that went away has seen enough; any other refusal is a failure.
func write(_ text: String, to stream: FileDescriptor = .standardOutput) throws {
  do {
    try stream.writeAll(text.utf8)
  } catch Errno.brokenPipe {
    return
  } catch {
    throw Refusal.failed("\(stream == .standardOutput ? "standard output" : "standard error"): \(error)")
  }
}

/// Colour only on a terminal, and never with NO_COLOR (no-color.org).
func usesColor(_ stream: FileDescriptor) -> Bool {
  isatty(stream.rawValue) != 0 && getenv("NO_COLOR") == nil
}

enum DialectChoice: String, CaseIterable, ExpressibleByArgument {
  case auto
  case mainline
  case v7

  var dialect: Dialect? { Dialect(rawValue: rawValue) }
}

extension NodeChoice: ExpressibleByArgument {
  public init?(argument: String) {
    if argument == "all" {
      self = .all
    } else if let list = CommaSeparated<Int>(argument: argument) {
      self = .these(list.values)
    } else {
      return nil
    }
  }
}

/// `a,b,c`, each a known value, none of them twice.
struct CommaSeparated<Element: ExpressibleByArgument & Equatable>: ExpressibleByArgument {
  let values: [Element]

  init?(argument: String) {
    var values: [Element] = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let value = Element(argument: String(part)) else { return nil }
      if !values.contains(value) { values.append(value) }
    }
    self.values = values
  }

  static var allValueStrings: [String] { Element.allValueStrings }
}

struct KnownBenchmark: ExpressibleByArgument, Equatable {
  let name: String

  init?(argument: String) {
    guard Self.allValueStrings.contains(argument) else { return nil }
    name = argument
  }

  static var allValueStrings: [String] { Catalogue.benchmarks }
}

struct KnownOperation: ExpressibleByArgument, Equatable {
  let name: String

  init?(argument: String) {
    guard Self.allValueStrings.contains(argument) else { return nil }
    name = argument
  }

  static var allValueStrings: [String] {
    Catalogue.specs.map(\.name).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}

/// A way of measuring an operation that has several.
struct KnownMethod: ExpressibleByArgument, Equatable {
  let name: String

  init?(argument: String) {
    guard Self.allValueStrings.contains(argument) else { return nil }
    name = argument
  }

  static var allValueStrings: [String] { Catalogue.methods }
}

/// Threads: a number; `all`, one on every CPU that can be had; or `...`, which doubles the number before until the next.
enum ThreadCount: ExpressibleByArgument, Equatable {
  case number(Int)
  case doubling
  case all

  init?(argument: String) {
    switch argument {
    case "all": self = .all
    case "...", "…": self = .doubling
    default:
      guard let number = Int(argument), number > 0 else { return nil }
      self = .number(number)
    }
  }

  /// The numbers that a list names, ascending.
  static func numbers(_ list: [ThreadCount], all: Int) -> [Int] {
    var numbers: Set<Int> = []
    var last = 1
    for (index, count) in list.enumerated() {
      switch count {
      case .number(let number): last = number
      case .all: last = all
      case .doubling:
        var end = all
        if case .number(let number) = list.dropFirst(index + 1).first { end = number }
        numbers.insert(last)
        while last * 2 < end {
          last *= 2
          numbers.insert(last)
        }
        continue
      }
      numbers.insert(last)
    }
    return numbers.sorted()
  }
}

/// A number with one of the units given, such as `2MiB`.
private func scaled(_ text: String, _ units: [(suffix: String, factor: Double)]) -> Double? {
  for unit in units where text.hasSuffix(unit.suffix) {
    guard let number = Double(text.dropLast(unit.suffix.count)), number.isFinite, number >= 0 else {
      continue
    }
    return number * unit.factor
  }
  return nil
}

struct ByteCount: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    let units = [("KiB", 1024.0), ("MiB", 1048576.0), ("GiB", 1073741824.0), ("", 1.0)]
    guard let bytes = scaled(argument, units), bytes < 1e15, bytes == bytes.rounded() else { return nil }
    self.bytes = Int(bytes)
  }
}

/// A share: `2%` or `0.02`.
struct Fraction: ExpressibleByArgument, CustomStringConvertible {
  let value: Double

  init(_ value: Double) { self.value = value }

  var description: String { "\(value)" }

  init?(argument: String) {
    guard let value = scaled(argument, [("%", 0.01), ("", 1.0)]), value > 0, value < 1 else { return nil }
    self.value = value
  }
}

/// `memfd=10%`: a backing, and the share of its fault by which each page is delayed.
struct InjectedDelay: ExpressibleByArgument {
  let backing: Backing
  let share: Double

  init?(argument: String) {
    let sides = argument.split(separator: "=", maxSplits: 1).map(String.init)
    guard sides.count == 2, let backing = Backing(rawValue: sides[0]),
      let share = Fraction(argument: sides[1])
    else { return nil }
    (self.backing, self.share) = (backing, share.value)
  }
}

/// Seconds that a run may take: `60s`, `5min`, `90`.
struct TimeBudget: ExpressibleByArgument {
  let seconds: Double

  init?(argument: String) {
    guard let seconds = scaled(argument, [("min", 60.0), ("s", 1.0), ("", 1.0)]), seconds > 0 else {
      return nil
    }
    self.seconds = seconds
  }
}

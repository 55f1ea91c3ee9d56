// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What the machine was like in a round: figures of which the kernel under test changes none, so that they tell a
/// machine that got slower from a kernel that did.
public struct Probes: Hashable, Codable, Sendable {
  /// Round trip of an interrupt to every held CPU, ns; nil where none is held.
  public var interrupt: Double?
  /// A fixed chain of multiplications, ns: slower where the core is shared or clocked down.
  public var instructions: Double?
  /// Zeroing a page that is in no cache, ns.
  public var memory: Double?

  public init(interrupt: Double? = nil, instructions: Double? = nil, memory: Double? = nil) {
    self.interrupt = interrupt
    self.instructions = instructions
    self.memory = memory
  }

  /// The probes in the order of all lists of them.
  public enum Kind: Int, CaseIterable, Sendable {
    case interrupt, instructions, memory

    /// In words, for a person.
    public var name: String {
      switch self {
      case .interrupt: "an interrupt's round trip"
      case .instructions: "a fixed loop of instructions"
      case .memory: "zeroing cold memory"
      }
    }
  }

  public subscript(kind: Kind) -> Double? {
    get {
      switch kind {
      case .interrupt: interrupt
      case .instructions: instructions
      case .memory: memory
      }
    }
    set {
      switch kind {
      case .interrupt: interrupt = newValue
      case .instructions: instructions = newValue
      case .memory: memory = newValue
      }
    }
  }

  /// Logarithms, in the order of ``Kind``; nil where a probe was not measured.
  public var logarithms: [Double?] {
    Kind.allCases.map { kind in self[kind].flatMap { $0 > 0 ? log($0) : nil } }
  }
}

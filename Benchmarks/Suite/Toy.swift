// SPDX-License-Identifier: Apache-2.0
import GuestMemory
import Harness
import Loops
import Model

/// mprotect of a region. What it measures and how it can mislead stands in Loops/toy.c.
enum Toy {
  static let operations = [
    MeasuredOperation(
      OperationSpec(
        benchmark: "toy", name: "protect", summary: "mprotect of the whole region to PROT_READ",
        method: "whole call", backings: Backing.mappable, tier: .headline), measure: protect)
  ]

  private static func protect(_ measured: Case, _ context: MeasuringContext) throws(Refusal) -> BlockReading {
    var memory = try BlockMemory(measured, context)
    try memory.populate(measured, context)
    let base = try memory.base
    let counted = try context.timed("mprotect") {
      loops_toy_protect(
        base, measured.pages * context.pageBytes, context.clock.kind, context.buffers.ticks)
    }
    return context.reading(
      context.callSample(pages: measured.pages), counted, try memory.placed(measured, context))
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Values in the order of their time, cut into batches that stand in for passes where a run had none.
///
/// Neighbours stay together, so means of batches depend on each other far less than the values do (batch means;
/// Flegal & Jones 2010). They still share what drifts more slowly than a batch is long. Sizes differ by one at most,
/// the longer ones first. Fewer values than batches give one batch a value; none give none.
///
/// - Precondition: `count > 0`.
public func batches<Value>(of values: [Value], count: Int = 8) -> [[Value]] {
  precondition(count > 0, "values go into batches")
  let batches = min(count, values.count)
  guard batches > 0 else { return [] }
  let (size, longer) = values.count.quotientAndRemainder(dividingBy: batches)
  return (0..<batches).map { index in
    let start = index * size + min(index, longer)
    return Array(values[start..<(start + size + (index < longer ? 1 : 0))])
  }
}

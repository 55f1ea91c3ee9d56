// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The probability of more than `count` successes in `trials` independent ones, each of the probability given.
///
/// One less the lower tail, summed term by term: good to about 1e-13 absolutely, which decides nothing far out.
///
/// - Precondition: `count >= 0`, `0 < probability && probability < 1`.
/// - Complexity: O(count).
public func binomialUpperTail(above count: Int, of trials: Int, probability: Double) -> Double {
  precondition(count >= 0 && probability > 0 && probability < 1, "outside the binomial's domain")
  guard count < trials else { return 0 }
  let odds = log(probability / (1 - probability))
  var logTerm = Double(trials) * log1p(-probability)
  var lower = 0.0
  for successes in 0...count {
    lower += exp(logTerm)
    logTerm += log(Double(trials - successes) / Double(successes + 1)) + odds
  }
  return max(0, 1 - lower)
}

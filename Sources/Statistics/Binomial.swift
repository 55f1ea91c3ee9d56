// SPDX-License-Identifier: Apache-2.0

/// The probability of more than `count` successes in `trials` independent ones, each of the probability given:
/// I_p(count + 1, trials - count) (DLMF 8.17.5), as accurate as the incomplete beta function is.
///
/// - Precondition: `count >= 0`, `0 < probability && probability < 1`.
public func binomialUpperTail(above count: Int, of trials: Int, probability: Double) -> Double {
  precondition(count >= 0 && probability > 0 && probability < 1, "outside the binomial's domain")
  guard count < trials else { return 0 }
  return regularizedIncompleteBeta(probability, Double(count + 1), Double(trials - count))
}

"""Makes the goldens of certificates and calibration from scipy and from exact sums in mpmath.

Writes Tests/TurnoutRoutingTests/Fixtures/certificates.json.
Run: python Reference/make_certificate_goldens.py   (numpy, scipy, mpmath)
"""
import json
import math
import pathlib

import numpy as np
from mpmath import mp, mpf, binomial
from scipy import stats

TARGET = pathlib.Path(__file__).resolve().parent.parent / "Tests/TurnoutRoutingTests/Fixtures/certificates.json"
mp.dps = 40


def exact_tail(k, n, p):
    """P(Bin(n, p) <= k), summed term by term."""
    p = mpf(repr(p))
    return sum((binomial(n, i) * p**i * (1 - p) ** (n - i) for i in range(0, min(k, n) + 1)), mpf(0))


def hoeffding_bentkus(mean, n, epsilon):
    if mean >= epsilon:
        return 1.0
    entropy = (mean * math.log(mean / epsilon) if mean > 0 else 0) + (1 - mean) * math.log((1 - mean) / (1 - epsilon))
    count = math.ceil(n * mean - 1e-9)
    return float(min(math.exp(-n * entropy), math.e * exact_tail(count, n, epsilon), 1))


def fixed_sequence(scores, losses, thresholds, epsilon, delta):
    """The last threshold accepted, every p-value by scipy."""
    last = -1
    for position, threshold in enumerate(thresholds):
        lost = losses[scores < threshold].sum()
        if stats.binom.cdf(lost, len(scores), epsilon) > delta:
            break
        last = position
    return last


def betting(losses, epsilon):
    """Wealth of the aGRAPA bet, written with running moments of all the past at every step."""
    wealth, path = 1.0, []
    for t, loss in enumerate(losses):
        past = np.r_[epsilon, losses[:t]]
        mean = past.mean()
        variance = (np.sum(past**2) + 0.25) / len(past) - mean**2
        excess = mean - epsilon
        bet = min(excess / (variance + excess**2), 1 / (2 * epsilon)) if excess > 0 else 0
        wealth *= 1 + bet * (loss - epsilon)
        path.append(float(wealth))
    return path


def next_sample(k, n, m):
    low = stats.betabinom.ppf(0.025, m, k, n - k + 1) / m if k > 0 else 0
    high = stats.betabinom.ppf(0.975, m, k + 1, n - k) / m if k < n else 1
    return float(low), float(high)


def main():
    rng = np.random.default_rng(17)
    tails = [(0, 59, 0.05), (15, 500, 0.05), (25, 500, 0.05), (40, 500, 0.05), (3, 17, 0.3), (16, 17, 0.3), (17, 17, 0.3),
             (0, 1, 0.5), (70, 2000, 0.05), (900, 20000, 0.05), (4850, 100000, 0.05), (1, 299, 0.01), (199, 200, 0.99)]
    graded = [(0.0, 59, 0.05), (0.02, 500, 0.05), (0.031, 500, 0.05), (0.049, 500, 0.05), (0.06, 500, 0.05),
              (0.1234, 77, 0.2), (0.04, 5000, 0.05)]
    ends = [(0, 10), (3, 10), (10, 10), (150, 500), (4200, 14000)]
    scores = np.round(rng.random(400), 2)  # two decimals: many ties
    losses = (rng.random(400) < 0.15 * scores).astype(float)
    thresholds = np.unique(np.round(rng.random(300), 3))
    shifted = np.r_[rng.random(300) < 0.05, rng.random(300) < 0.15].astype(float)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(dict(
        tails=[dict(k=k, n=n, p=p, value=float(exact_tail(k, n, p))) for k, n, p in tails],
        graded=[dict(mean=r, n=n, epsilon=e, value=hoeffding_bentkus(r, n, e)) for r, n, e in graded],
        intervals=[dict(k=k, n=n, low=float(stats.beta.ppf(0.025, k, n - k + 1)) if k else 0.0,
                        high=float(stats.beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0) for k, n in ends],
        next=[dict(k=k, n=n, m=m, low=next_sample(k, n, m)[0], high=next_sample(k, n, m)[1])
              for k, n in ends for m in (1, 50, 1000)],
        sequence=dict(scores=scores.tolist(), losses=losses.tolist(), thresholds=thresholds.tolist(), epsilon=0.05, delta=0.1,
                      last=fixed_sequence(scores, losses, thresholds, 0.05, 0.1)),
        betting=dict(losses=shifted.tolist(), epsilon=0.05, wealth=betting(shifted, 0.05)))))


if __name__ == "__main__":
    main()

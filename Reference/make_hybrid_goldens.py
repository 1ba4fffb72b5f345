"""Makes the goldens of Hybrid LLM's labels and curves with numpy, by the formulas as the paper prints them.

Writes Tests/TurnoutEvaluationTests/Fixtures/hybrid.json.
Run: python Reference/make_hybrid_goldens.py   (numpy)
"""
import json
import pathlib

import numpy as np

FILE = pathlib.Path(__file__).resolve().parent.parent / "Tests/TurnoutEvaluationTests/Fixtures/hybrid.json"
TOLERANCE = 1e-9


def labels(small, large, t):
    """Mean of 1[q(S) >= q(L) - t] over all cross pairs."""
    return np.array([np.mean(s[:, None] >= l[None, :] - t - TOLERANCE) for s, l in zip(small, large)])


def objective(y):
    """(1/N²) Σ |y_i - y_j|, all N² pairs."""
    return float(np.abs(y[:, None] - y[None, :]).mean())


def curve(p, small, large):
    """Cost advantage, drop in percent and threshold at every cut, ties cut together."""
    order = np.argsort(-p, kind="stable")
    lost = np.cumsum((large - small)[order])
    last = np.r_[np.diff(p[order]) != 0, True]
    n = len(p)
    return [[0, 0, None]] + [
        [(k + 1) / n, 100 * lost[k] / abs(large.sum()), float(p[order][k])] for k in range(n) if last[k]]


def main():
    rng = np.random.default_rng(17)
    n = 60
    small = [np.round(rng.normal(-3.2, 0.4, 4), 2) for _ in range(n)]
    large = [np.round(rng.normal(-2.9, 0.3, 3), 2) for _ in range(n)]
    p = np.round(rng.random(n), 1)
    greatest = max(float(l.max() - s.min()) for s, l in zip(small, large))
    grid = [greatest * k / 100 for k in range(101)]
    objectives = [objective(labels(small, large, t)) for t in grid]
    best = next(i for i, value in enumerate(objectives) if value >= max(objectives) - TOLERANCE)
    means = np.array([s.mean() for s in small]), np.array([l.mean() for l in large])
    cuts = curve(p, *means)
    gaps = means[0] - means[1]
    other = np.round(0.8 * gaps + rng.normal(0, 0.2, n), 4)
    FILE.write_text(json.dumps(dict(
        small=[s.tolist() for s in small], large=[l.tolist() for l in large], estimates=p.tolist(),
        deterministic=[float(s[0] >= l[0] - TOLERANCE) for s, l in zip(small, large)],
        probabilistic=labels(small, large, 0).tolist(), relaxation=grid[best],
        transformed=labels(small, large, grid[best]).tolist(), objectives=objectives, cuts=cuts,
        advantageAtFivePercent=max(c[0] for c in cuts if c[1] <= 5),
        drops=np.interp(np.arange(21) / 20, [c[0] for c in cuts], [c[1] for c in cuts]).tolist(),
        otherGaps=other.tolist(), correlation=float(np.corrcoef(gaps, other)[0, 1]))))


if __name__ == "__main__":
    main()

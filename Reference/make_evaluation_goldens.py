"""Makes the goldens of evaluation: ten-bin figures, calibration error, Holm's correction.

The ten-bin part follows what RouteLLM's published evaluation does (`routellm/evals/evaluate.py` and `benchmarks.py`):
eleven percentile thresholds of the win rate, the last one sending nothing to the strong model; APGR by trapezoids over
them; CPT by numpy.interp of strong share over accuracy.
Writes Tests/TurnoutEvaluationTests/Fixtures/evaluation.json.
Run: python Reference/make_evaluation_goldens.py   (numpy)
"""
import json
import pathlib

import numpy as np

OUT = pathlib.Path(__file__).resolve().parent.parent / "Tests/TurnoutEvaluationTests/Fixtures/evaluation.json"


def ten_bins(score, strong, weak):
    edges = np.quantile(score, np.linspace(0, 1, 11))
    assert (np.diff(edges) > 0).all()
    share, quality = [], []
    for number, edge in enumerate(edges):
        chosen = score >= edge if number < 10 else score > edge
        share.append(chosen.mean())
        quality.append(np.where(chosen, strong, weak).mean())
    share, quality = np.array(share[::-1]), np.array(quality[::-1])
    gap = strong.mean() - weak.mean()
    apgr = (np.trapezoid(quality, share) - weak.mean()) / gap
    return dict(apgr=float(apgr), cpt=[
        float(np.interp(weak.mean() + part * gap, quality, share)) for part in (0.2, 0.5, 0.8)])


def case(rng, n, signal):
    strong = (rng.random(n) < 0.8).astype(float)
    weak = (rng.random(n) < 0.65).astype(float)
    score = signal * (strong - weak) + rng.normal(0, 1, n)
    return dict(strong=strong.tolist(), weak=weak.tolist(), score=score.tolist(), **ten_bins(score, strong, weak))


def calibration(rng, n=600, bins=10):
    predicted = rng.random(n)
    outcome = (rng.random(n) < predicted**1.5).astype(float)
    order = np.argsort(predicted, kind="stable")
    parts = [order[i * n // bins:(i + 1) * n // bins] for i in range(bins)]
    ece = sum(len(p) / n * abs(predicted[p].mean() - outcome[p].mean()) for p in parts)
    return dict(predicted=predicted.tolist(), outcome=outcome.tolist(), ece=float(ece))


def holm(values):
    order, result, least = np.argsort(values), np.zeros(len(values)), 0.0
    for rank, index in enumerate(order):
        least = max(least, min(1.0, values[index] * (len(values) - rank)))
        result[index] = least
    return dict(p=list(values), adjusted=result.tolist())


if __name__ == "__main__":
    rng = np.random.default_rng(23)
    # A smooth curve, a flat noisy one that falls in places, and a short one as on MT-Bench.
    cases = [case(rng, 1500, 0.8), case(rng, 400, 0.05), case(rng, 72, 0.3)]
    OUT.write_text(json.dumps(dict(
        tenBins=cases, calibration=calibration(rng), holm=holm([0.01, 0.04, 0.03, 0.005, 0.9]))))

"""Makes the goldens of ratings and tiers.

Bradley-Terry ratings: scikit-learn's unpenalised logistic regression on one row a battle, ties as half a win each way.
Tiers: every way to cut the sorted ratings is tried (small sets), and the tiers of the reference implementation,
RouteLLM's `compute_tiers`, are recorded beside it where its file is given.

Writes Tests/TurnoutEvaluationTests/Fixtures/ratings.json.
Run: python Reference/make_rating_goldens.py [path of RouteLLM's routers/similarity_weighted/utils.py]
     (numpy, scikit-learn)
"""
import ast
import itertools
import json
import pathlib
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression

TARGET = pathlib.Path(__file__).resolve().parent.parent / "Tests/TurnoutEvaluationTests/Fixtures/ratings.json"


def battles(rng, models, count):
    strength = rng.normal(0, 1, models)
    rows = []
    for _ in range(count):
        a, b = rng.choice(models, 2, replace=False)
        chance = 1 / (1 + np.exp(strength[b] - strength[a]))
        outcome = "tie" if rng.random() < 0.2 else "a" if rng.random() < chance else "b"
        rows.append((int(a), int(b), outcome, float(np.round(rng.gamma(2, 1) + 0.1, 3))))
    return rows


def ratings(rows, models):
    """One row for each way a battle counts: twice for a win, once each way for a tie."""
    x, y, w = [], [], []
    for a, b, outcome, weight in rows:
        for won in {"a": (1, 1), "b": (0, 0), "tie": (1, 0)}[outcome]:
            row = np.zeros(models)
            row[a], row[b] = 1, -1
            x.append(row)
            y.append(won)
            w.append(weight / 2)
    fit = LogisticRegression(fit_intercept=False, C=np.inf, tol=1e-12, max_iter=100000)
    xi = fit.fit(np.array(x), y, sample_weight=w).coef_[0]
    return xi - xi.mean()


def best_sum(values, tiers):
    """The least sum of variances over all ways to cut sorted values into runs."""
    n = len(values)
    return min(
        sum(np.var(values[i:j]) for i, j in zip((0, *cuts), (*cuts, n)))
        for cuts in itertools.combinations(range(1, n), min(tiers, n) - 1))


class Series:
    """As much of a pandas Series as the reference's function asks of its argument."""

    def __init__(self, values, index):
        self.values, self.index = values, index

    def __len__(self):
        return len(self.values)

    def keys(self):
        return self.index


def reference_tiers(path, values, tiers):
    """What the reference's function answers, run from its own file."""
    tree = ast.parse(pathlib.Path(path).read_text())
    wanted = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "compute_tiers"]
    scope = {"np": np}
    exec(compile(ast.Module(wanted, []), path, "exec"), scope)
    order = np.argsort(-values)
    answer = scope["compute_tiers"](Series(values[order], order.tolist()), tiers)
    return [int(answer[i]) for i in range(len(values))]


if __name__ == "__main__":
    rng = np.random.default_rng(5)
    rows = battles(rng, 9, 400)
    result = dict(models=9, battles=rows, ratings=ratings(rows, 9).tolist(), tiers=[])
    for models, tiers in [(9, 4), (14, 5), (3, 10), (40, 10), (64, 10)]:
        values = rng.normal(1000, 120, models)
        case = dict(ratings=values.tolist(), tiers=tiers)
        if models <= 14:
            case["sum"] = float(best_sum(np.sort(values), tiers))
        if len(sys.argv) > 1:
            case["reference"] = reference_tiers(sys.argv[1], values, tiers)
        result["tiers"].append(case)
    TARGET.write_text(json.dumps(result))

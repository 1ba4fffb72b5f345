"""Makes the goldens of learning and metrics from scikit-learn and numpy, on data generated here.

Writes Tests/TurnoutEvaluationTests/Fixtures/metrics.json and Tests/TurnoutTrainingTests/Fixtures/regression.json.
Run: python Reference/make_learning_goldens.py   (numpy, scikit-learn)
"""
import json
import pathlib

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

TESTS = pathlib.Path(__file__).resolve().parent.parent / "Tests"


def curve(score, strong, weak):
    """The exact cost-quality curve, equal scores cut together."""
    order = np.argsort(-score, kind="stable")
    gained = np.r_[0, np.cumsum((strong - weak)[order])]
    last = np.r_[True, np.diff(score[order]) != 0, True]  # cuts at 0, between different scores, and at n
    share = np.arange(len(score) + 1)[last] / len(score)
    return share, gained[last] / len(score) / (strong.mean() - weak.mean())


def metrics(rng):
    n = 200
    strong = (rng.random(n) < 0.8).astype(float)
    weak = (rng.random(n) < 0.6).astype(float)
    score = np.round(0.4 * (strong - weak) + rng.normal(0, 1, n), 1)  # one decimal: many ties
    share, pgr = curve(score, strong, weak)
    sizes = [31, 23, 19, 17, 13, 11, 7, 5, 3, 2]
    groups = rng.permutation(np.repeat([f"g{i:02d}" for i in range(len(sizes))], sizes))
    folds = np.zeros(len(groups), int)
    for fold, (_, test) in enumerate(GroupKFold(4).split(groups, groups=groups)):
        folds[test] = fold
    return dict(
        strong=strong.tolist(), weak=weak.tolist(), score=score.tolist(), share=share.tolist(), pgr=pgr.tolist(),
        apgr=float(np.trapezoid(pgr, share)), cpt50=float(share[np.argmax(pgr >= 0.5 - 1e-12)]),
        cpt80=float(share[np.argmax(pgr >= 0.8 - 1e-12)]), auc=float(roc_auc_score(strong, score)),
        groups=groups.tolist(), groupFolds=folds.tolist())


def regression(rng):
    n, d = 150, 7
    x = rng.normal(0, 1, (n, d)).astype(np.float32).astype(float)
    truth = rng.normal(0, 1, d)
    z = x @ truth - 0.5
    hard = (rng.random(n) < 1 / (1 + np.exp(-z))).astype(float)
    soft = np.round(rng.beta(4 / (1 + np.exp(-z)) + 0.1, 4 / (1 + np.exp(z)) + 0.1), 3)
    penalty = 3.0
    logistic = LogisticRegression(C=1 / penalty, tol=1e-12, max_iter=10000).fit(x, hard)
    ridge = Ridge(alpha=penalty).fit(x, soft)

    def loss(w):
        out = x @ w[:d] + w[d]
        value = np.sum(np.logaddexp(0, out) - soft * out) + 0.5 * penalty * w[:d] @ w[:d]
        residual = 1 / (1 + np.exp(-out)) - soft
        return value, np.r_[x.T @ residual + penalty * w[:d], residual.sum()]

    softened = minimize(loss, np.zeros(d + 1), jac=True, method="BFGS", options=dict(gtol=1e-10)).x
    return dict(
        x=x.tolist(), hard=hard.tolist(), soft=soft.tolist(), penalty=penalty,
        logistic=[*logistic.coef_[0].tolist(), float(logistic.intercept_[0])],
        softLogistic=softened.tolist(), ridge=[*ridge.coef_.tolist(), float(ridge.intercept_)])


def write(path, value):
    (TESTS / path).parent.mkdir(parents=True, exist_ok=True)
    (TESTS / path).write_text(json.dumps(value))


if __name__ == "__main__":
    write("TurnoutEvaluationTests/Fixtures/metrics.json", metrics(np.random.default_rng(7)))
    write("TurnoutTrainingTests/Fixtures/regression.json", regression(np.random.default_rng(11)))

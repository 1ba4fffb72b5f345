"""Makes the goldens of routers from torch, scikit-learn and scipy, on data generated here.

Writes Tests/TurnoutTrainingTests/Fixtures/routers.json.
Run: python Reference/make_router_goldens.py   (numpy, scipy, scikit-learn, torch)
"""
import json
import pathlib

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Tests/TurnoutTrainingTests/Fixtures"


def matrix_factorisation(rng):
    """RouteLLM's forward pass (Ong et al. 2024, section 4.2): normalised model vectors, no biases."""
    models, rank, width, prompts = 5, 3, 6, 4
    vectors = torch.tensor(rng.normal(0, 2, (models, rank)))
    projection = torch.tensor(rng.normal(0, 1, (rank, width)))
    classifier = torch.tensor(rng.normal(0, 1, rank))
    queries = torch.tensor(rng.normal(0, 1, (prompts, width)))
    unit = torch.nn.functional.normalize(vectors, dim=1)
    strengths = torch.einsum("k,mk,pk->pm", classifier, unit, queries @ projection.T)
    win = torch.sigmoid(strengths[:, :, None] - strengths[:, None, :])
    return dict(
        vectors=vectors.tolist(), projection=projection.tolist(), classifier=classifier.tolist(),
        queries=queries.tolist(), strengths=strengths.tolist(), winRates=win.tolist())


def clusters(rng):
    """Lloyd's algorithm from given centres; the last one starts far away and loses all its points."""
    points = np.concatenate([rng.normal(c, 0.7, (40, 3)) for c in (-2, 0, 2)]).astype(np.float32)
    start = np.array([points[0], points[50], points[100], [90, 90, 90]], dtype=np.float32)
    plain = KMeans(3, init=start[:3], n_init=1, tol=0, max_iter=100, algorithm="lloyd").fit(points)
    return dict(
        points=points.tolist(), start=start.tolist(), centres=plain.cluster_centers_.tolist(),
        labels=plain.labels_.tolist(), inertia=float(plain.inertia_))


def neighbours(rng):
    rows = rng.normal(0, 1, (300, 20)).astype(np.float32)
    queries = rng.normal(0, 1, (9, 20)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    distances, found = NearestNeighbors(n_neighbors=12, metric="cosine", algorithm="brute").fit(rows).kneighbors(queries)
    return dict(
        rows=rows.tolist(), queries=queries.tolist(), nearest=found.tolist(), similarities=(1 - distances).tolist())


def item_response(rng):
    """The penalised likelihood of a one-dimensional model with predicted query parameters, by scipy's BFGS."""
    n, width, models, penalty, trace = 120, 4, 3, 2.0, 1.0
    x = np.c_[rng.normal(0, 1, (n, width)), np.ones(n)].astype(np.float32).astype(float)
    truth = np.log1p(np.exp(0.5 + 0.5 * x[:, [0]])) * np.array([-1.0, 0.2, 1.2]) - x[:, [1]]
    y = (rng.random((n, models)) < expit(truth)).astype(float)
    ridge = np.r_[np.full(width, penalty), 0] + trace
    unit = np.log(np.e - 1)
    centre = np.r_[np.zeros(width), unit]

    def loss(p):
        a, b, theta = p[:width + 1], p[width + 1:2 * width + 2], p[2 * width + 2:]
        discrimination = np.logaddexp(0, x @ a)
        z = discrimination[:, None] * theta - (x @ b)[:, None]
        value = np.sum(np.logaddexp(0, z) - y * z)
        value += 0.5 * ridge @ (a - centre) ** 2 + 0.5 * ridge @ b**2 + 0.5 * trace * theta @ theta
        r = expit(z) - y
        slope = (r @ theta) * expit(x @ a)
        return value, np.r_[
            x.T @ slope + ridge * (a - centre), -x.T @ r.sum(1) + ridge * b, discrimination @ r + trace * theta]

    start = np.r_[centre, np.zeros(width + 1), -1, 0, 1]
    found = minimize(loss, start, jac=True, method="BFGS", options=dict(gtol=1e-8, maxiter=2000))
    a, b, theta = found.x[:width + 1], found.x[width + 1:2 * width + 2], found.x[2 * width + 2:]
    estimates = expit(np.logaddexp(0, x @ a)[:, None] * theta - (x @ b)[:, None])
    return dict(x=x.tolist(), y=y.tolist(), penalty=penalty, loss=float(found.fun), estimates=estimates.tolist())


if __name__ == "__main__":
    goldens = dict(
        matrixFactorisation=matrix_factorisation(np.random.default_rng(3)), clusters=clusters(np.random.default_rng(5)),
        neighbours=neighbours(np.random.default_rng(7)), itemResponse=item_response(np.random.default_rng(9)))
    text = json.dumps(goldens, default=float)
    FIXTURES.joinpath("routers.json").write_text(json.dumps(
        json.loads(text, parse_float=lambda number: round(float(number), 7))))

"""Goldens of multinomial logistic regression over dense features and words: scikit-learn's LogisticRegression.

A quadratic penalty of its own for each column is had by dividing the column by the root of its penalty.
"""

import json
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression

random = np.random.default_rng(6)
ROWS, COLUMNS, VOCABULARY, CLASSES = 60, 4, 12, 3
x = np.round(random.normal(size=(ROWS, COLUMNS)), 3)
classes = random.integers(0, CLASSES, ROWS)
x[:, 0] += classes
words = [sorted(random.choice(VOCABULARY, size=random.integers(1, 5), replace=False).tolist()) for _ in range(ROWS)]
weights = np.round(random.uniform(0.5, 2, ROWS), 3)
penalties = np.array([0.5, 1.0, 2.0, 4.0])
WORD_PENALTY = 0.25

bag = np.zeros((ROWS, VOCABULARY))
for row, chosen in enumerate(words):
    bag[row, chosen] = 1 / np.sqrt(len(chosen))
roots = np.sqrt(np.concatenate([penalties, np.full(VOCABULARY, WORD_PENALTY)]))
model = LogisticRegression(C=1, tol=1e-10, max_iter=100_000)
model.fit(np.hstack([x, bag]) / roots, classes, sample_weight=weights)
coefficients = model.coef_ / roots

# The inverse temperature of other outputs, by a fine search.
outputs = 3 * random.normal(size=(ROWS, CLASSES))
outputs[np.arange(ROWS), classes] += 2
outputs = np.round(outputs, 3)


def loss(beta):
    z = beta * outputs
    z = z - z.max(axis=1, keepdims=True)
    return -(weights * (z[np.arange(ROWS), classes] - np.log(np.exp(z).sum(axis=1)))).sum()


grid = np.linspace(0.05, 2, 19_501)
json.dump(
    {
        "x": x.tolist(),
        "words": words,
        "classes": classes.tolist(),
        "weights": weights.tolist(),
        "penalties": penalties.tolist(),
        "wordPenalty": WORD_PENALTY,
        "heads": np.round(coefficients[:, :COLUMNS], 6).tolist(),
        "intercepts": np.round(model.intercept_ - model.intercept_.mean(), 6).tolist(),
        "wordWeights": np.round(coefficients[:, COLUMNS:], 6).tolist(),
        "outputs": outputs.tolist(),
        "inverseTemperature": round(float(grid[np.argmin([loss(beta) for beta in grid])]), 5),
    },
    sys.stdout,
)

"""Makes the goldens of similarity-weighted ranking by running the reference implementation on battles generated here.

Writes Tests/TurnoutTrainingTests/Fixtures/similarity.json.
Run: python Reference/make_similarity_goldens.py CHECKOUT   (numpy, pandas, scikit-learn, openai)
where CHECKOUT is a clone of https://github.com/lm-sys/RouteLLM; nothing of it is stored here. Its logistic regression
stops early (tolerance 1e-4), so that win rates are computed a second time with the optimiser run to the end.
"""
import functools
import importlib.util
import json
import os
import pathlib
import sys

import numpy as np
import pandas as pd

OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "Tests/TurnoutTrainingTests/Fixtures/similarity.json"


def reference(checkout):
    os.environ.setdefault("OPENAI_API_KEY", "unused")
    path = pathlib.Path(checkout) / "routellm/routers/similarity_weighted/utils.py"
    spec = importlib.util.spec_from_file_location("utils", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def battles(rng, models, strength, prompts, dimension):
    """Vectors of whole numbers, the largest 127, so that bytes hold them exactly."""
    rows = []
    for i in range(prompts):
        vector = rng.normal(0, 1, dimension) + 0.6
        vector = np.round(vector / np.abs(vector).max() * 127).astype(int)
        a, b = rng.choice(len(models), 2, replace=False)
        # On prompts that point along the first axis, the gap between strong and weak is wider.
        gap = (strength[a] - strength[b]) * (1 + vector[0] / 127)
        draw = rng.random()
        if draw < 0.2:
            winner = "tie"
        else:
            winner = "model_a" if rng.random() < 1 / (1 + np.exp(-gap)) else "model_b"
        rows.append(dict(prompt=f"made-up prompt {i:04d}", model_a=models[a], model_b=models[b], winner=winner,
                         vector=vector.tolist()))
    return rows


def win_rates(utils, frame, vectors, queries, tiers, pairs, quirk):
    frame = frame.assign(model_a=frame["model_a"].map(tiers), model_b=frame["model_b"].map(tiers))
    kept = np.ones(len(frame), bool) if quirk else (frame["model_a"] != frame["model_b"]).to_numpy()
    result = []
    for query in queries:
        cosine = vectors @ query / (np.linalg.norm(vectors, axis=1) * np.linalg.norm(query))
        weight = 10 * 10 ** (cosine / cosine.max())
        elo = utils.compute_elo_mle_with_tie(frame[kept].reset_index(drop=True), sample_weight=weight[kept])
        result.append([1 / (1 + 10 ** ((elo[tiers[weak]] - elo[tiers[strong]]) / 400)) for weak, strong in pairs])
    return result


def main():
    utils = reference(sys.argv[1])
    rng = np.random.default_rng(7)
    models = [f"m{i:02d}" for i in range(14)]
    strength = np.sort(rng.normal(0, 1, len(models)))
    rows = battles(rng, models, strength, 700, 12)
    frame = pd.DataFrame(rows)[["model_a", "model_b", "winner"]]
    vectors = np.array([row["vector"] for row in rows], float)
    queries = rng.normal(0, 1, (8, 12)) + 0.5
    early = utils.LogisticRegression
    converged = functools.partial(early, tol=1e-12, max_iter=100_000)
    utils.LogisticRegression = converged
    ratings = utils.compute_elo_mle_with_tie(frame)
    tiers = {model: int(tier) for model, tier in utils.compute_tiers(ratings, 6).items()}
    pairs = [("m00", "m13"), ("m03", "m10"), ("m06", "m07")]
    golden = dict(
        rows=rows, queries=queries.tolist(), pairs=pairs, ratings={m: float(r) for m, r in ratings.items()}, tiers=tiers,
        exact=win_rates(utils, frame, vectors, queries, tiers, pairs, quirk=False),
        exactWithQuirk=win_rates(utils, frame, vectors, queries, tiers, pairs, quirk=True))
    utils.LogisticRegression = early
    golden["reference"] = win_rates(utils, frame, vectors, queries, tiers, pairs, quirk=True)
    OUTPUT.write_text(json.dumps(golden) + "\n")
    print(np.round(golden["exact"], 4), np.round(golden["exactWithQuirk"], 4), tiers, sep="\n")
    print("early stop", np.abs(np.array(golden["reference"]) - golden["exactWithQuirk"]).max())


if __name__ == "__main__":
    main()

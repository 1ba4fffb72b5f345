"""Makes outcomes with several graded samples a model out of outcomes with one grade in 0…1.

No public data with several sampled answers a model has a licence that allows using it here, so that hybrid routers are
tried on synthetic samples: the grade of a row is taken as the chance that a check of the answer succeeds. A sampled
answer is put to CHECKS independent checks, and its quality is the share that succeed. Rows whose grade is 0 or 1 have
samples that are all alike.

usage: make_sampled_outcomes.py IN.jsonl.gz OUT.jsonl MODEL,MODEL… [--samples 10] [--checks 5] [--seed 7]
"""
import argparse
import gzip
import json

import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("source")
parser.add_argument("target")
parser.add_argument("models")
parser.add_argument("--samples", type=int, default=10)
parser.add_argument("--checks", type=int, default=5)
parser.add_argument("--seed", type=int, default=7)
options = parser.parse_args()

rng = np.random.default_rng(options.seed)
models = options.models.split(",")
with gzip.open(options.source, "rt") as source, open(options.target, "w") as target:
    for line in source:
        row = json.loads(line)
        if any(row["scores"].get(model) is None for model in models):
            continue
        row["scores"] = {
            model: (rng.binomial(options.checks, row["scores"][model], options.samples) / options.checks).tolist()
            for model in models
        }
        target.write(json.dumps(row, ensure_ascii=False) + "\n")

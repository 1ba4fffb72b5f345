"""Opens a folder that turnout wrote as Python does; the tests of TurnoutEncoders run this.

usage: open_setfit_folder.py FOLDER TEXT…
Writes one JSON object: the vectors of the texts by SentenceTransformer, and probabilities and predictions by
SetFitModel. Warnings are errors, so that a head of another version would be noticed.
"""
import json
import sys
import warnings

warnings.filterwarnings("error", module="sklearn")

from sentence_transformers import SentenceTransformer  # noqa: E402
from setfit import SetFitModel  # noqa: E402

folder, texts = sys.argv[1], sys.argv[2:]
vectors = SentenceTransformer(folder, device="cpu").encode(texts)
model = SetFitModel.from_pretrained(folder, device="cpu")
probabilities = model.predict_proba(texts, as_numpy=True)
print(json.dumps(dict(
    vectors=vectors.tolist(), probabilities=probabilities.tolist(),
    predictions=[str(p) for p in model.predict(texts)])))

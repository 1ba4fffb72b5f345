"""Makes the goldens of reading SetFit heads: pickles by scikit-learn, and what they answer.

Adds the heads of the installed versions to Tests/TurnoutEncodersTests/Fixtures/heads.json, in place of those of the
same versions. The committed file has those of scikit-learn 1.2.2 with numpy 1.23.5 and joblib 1.1.1, and of 1.9.1 with
2.4.6 and 1.6.0; with 1.5.2, 1.26.4 and 1.4.2 it was tried as well.
Run: python Reference/make_head_goldens.py   (numpy, scikit-learn, joblib)
"""
import base64
import io
import json
import pathlib
import pickle
import warnings

import joblib
import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

HEADS = pathlib.Path(__file__).resolve().parent.parent / "Tests/TurnoutEncodersTests/Fixtures/heads.json"
VERSIONS = f"scikit-learn {sklearn.__version__}, numpy {np.__version__}, joblib {joblib.__version__}"


def fitted(labels, dtype=np.float32, **options):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(24, 3)).astype(dtype)
    y = np.resize(np.asarray(labels), 24)
    return LogisticRegression(**options).fit(x, y)


def joblibbed(head):
    file = io.BytesIO()
    joblib.dump(head, file)
    return file.getvalue()


def with_attributes(head, **attributes):
    for name, value in attributes.items():
        setattr(head, name, value)
    return head


def heads():
    words = ["dễ", "hard", "a longer name"]
    three = fitted(words)
    yield "two numbers", fitted([0, 1]), joblibbed
    yield "two words", fitted(["simple", "complex"]), joblibbed
    yield "three words", three, joblibbed
    yield "objects", with_attributes(fitted(words), classes_=np.array(sorted(words), dtype=object)), joblibbed
    yield "64 bits", fitted([3, -1, 7], np.float64, C=np.float64(0.5)), joblibbed
    yield "first axis fastest", with_attributes(fitted(words), coef_=np.asfortranarray(three.coef_)), joblibbed
    yield "truth values", fitted([False, True]), joblibbed
    yield "other byte order", with_attributes(
        fitted(words), coef_=three.coef_.astype(">f8"), classes_=three.classes_.astype(">U13")), joblibbed
    yield "no intercept", fitted([0, 1], fit_intercept=False), joblibbed
    yield "weighted classes", fitted([0, 1], class_weight={0: 2.0, 1: 1.0}), joblibbed
    for protocol in range(2, 6):
        yield f"protocol {protocol}", three, lambda head, protocol=protocol: pickle.dumps(head, protocol)
    if hasattr(three, "multi_class"):
        yield "two as many", fitted([0, 1], multi_class="multinomial"), joblibbed
        yield "one against the rest", fitted(words, multi_class="ovr"), joblibbed
        yield "liblinear", fitted(words, solver="liblinear"), joblibbed


def label(value):
    value = value.item() if hasattr(value, "item") else value
    return int(value) if isinstance(value, bool) else value


def golden(name, head, dump):
    vectors = np.random.default_rng(9).normal(size=(2, 3)).astype(np.float32)
    return dict(
        name=name, versions=VERSIONS, pickle=base64.b64encode(dump(head)).decode(),
        classes=[label(c) for c in head.classes_], vectors=vectors.tolist(),
        probabilities=head.predict_proba(vectors).astype(float).round(9).tolist())


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    known = json.loads(HEADS.read_text()) if HEADS.exists() else []
    kept = [head for head in known if head["versions"] != VERSIONS]
    kept += [golden(*head) for head in heads()]
    lines = ",\n".join(json.dumps(head, ensure_ascii=False) for head in sorted(kept, key=lambda h: h["versions"]))
    HEADS.write_text(f"[\n{lines}\n]\n")

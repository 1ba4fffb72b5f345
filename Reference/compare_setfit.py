"""Few-shot training with Python's setfit, to set beside `turnout train --router setfit` on the same texts.

    python Reference/compare_setfit.py draw DATA OUT
        draws samples: OUT/TASK/SEED/{train,test}.jsonl with eight texts of each class, for ten seeds. Tasks: `pair` and
        `domains` (two and three domains of clinc150, 200 test texts) and `everyday` (this project's English prompts,
        simple or complex, the rest as test). DATA holds clinc150_intents.jsonl.gz.

    python Reference/compare_setfit.py run MODEL FOLDER [FOLDER …]
        trains on FOLDER/train.jsonl with setfit's defaults and THREADS threads (2), tests on FOLDER/test.jsonl; prints a JSON
        object a folder: accuracy tuned, accuracy of the frozen encoder with logistic regression, seconds, peak memory.
"""
import gzip
import json
import os
import random
import resource
import sys
import tempfile
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")
HERE = os.path.dirname(os.path.abspath(__file__))
DOMAINS = ("banking", "credit_cards", "travel")
TEST_TEXTS = 200


def read(path):
    with (gzip.open(path, "rt") if path.endswith(".gz") else open(path)) as f:
        return [json.loads(line) for line in f]


def draw(data, out):
    clinc = read(os.path.join(data, "clinc150_intents.jsonl.gz"))
    everyday = read(os.path.join(HERE, "..", "Tests", "TurnoutTrainingTests", "Fixtures", "everyday.jsonl"))
    clinc = [(r["prompt"], r["domain"]) for r in clinc if r["domain"] in DOMAINS]
    tasks = {
        "pair": [row for row in clinc if row[1] in DOMAINS[:2]],
        "domains": clinc,
        "everyday": [(r["prompt"], r["label"]) for r in everyday if r["language"] == "en"],
    }
    for task, rows in tasks.items():
        for seed in range(10):
            generator = random.Random(seed)
            shuffled = generator.sample(rows, len(rows))
            train, test = [], []
            for text, label in shuffled:
                enough = sum(1 for _, other in train if other == label) == 8
                (test if enough else train).append((text, label))
            folder = os.path.join(out, task, str(seed))
            os.makedirs(folder, exist_ok=True)
            for name, part in (("train", train), ("test", test[:TEST_TEXTS])):
                with open(os.path.join(folder, name + ".jsonl"), "w") as f:
                    for text, label in part:
                        f.write(json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n")


def run(model_folder, folders):
    import logging
    import torch
    import transformers
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments
    from sklearn.linear_model import LogisticRegression

    torch.set_num_threads(int(os.environ.get("THREADS", "2")))
    logging.disable(logging.WARNING)
    transformers.utils.logging.disable_progress_bar()
    for folder in folders:
        train, test = (read(os.path.join(folder, name + ".jsonl")) for name in ("train", "test"))
        classes = sorted({r["label"] for r in train})
        model = SetFitModel.from_pretrained(model_folder, labels=classes)
        body = model.model_body
        texts, labels = [r["text"] for r in train], [classes.index(r["label"]) for r in train]
        truth = [r["label"] for r in test]
        frozen = LogisticRegression().fit(body.encode(texts), [r["label"] for r in train])
        frozen_right = sum(a == b for a, b in zip(frozen.predict(body.encode([r["text"] for r in test])), truth))
        with tempfile.TemporaryDirectory() as out:
            arguments = TrainingArguments(output_dir=out, report_to="none", save_strategy="no", show_progress_bar=False)
            arguments.logging_dir = None
            started, used = time.time(), time.process_time()
            trainer = Trainer(model=model, args=arguments,
                              train_dataset=Dataset.from_dict({"text": texts, "label": labels}))
            trainer.train()
            seconds, cpu = time.time() - started, time.process_time() - used
        right = sum(a == b for a, b in zip(model.predict([r["text"] for r in test]), truth))
        print(json.dumps({
            "folder": folder, "tuned": right / len(test), "frozen": frozen_right / len(test), "train_s": seconds, "cpu_s": cpu,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000}), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["draw"] and len(sys.argv) == 4:
        draw(*sys.argv[2:])
    elif sys.argv[1:2] == ["run"] and len(sys.argv) > 3:
        run(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(__doc__)

"""Few-shot training with Python's setfit beside `turnout train --router setfit`, on the same texts.

    python Reference/compare_setfit.py draw DATA OUT
        draws samples: OUT/TASK/SEED/{train,test}.jsonl with eight texts of each class, for ten seeds, and as many test texts
        of each class. DATA holds the files of the public routing data that TASKS names.

    python Reference/compare_setfit.py run MODEL FOLDER [FOLDER …]
        trains on FOLDER/train.jsonl with setfit's defaults and THREADS threads (2), tests on FOLDER/test.jsonl; prints a JSON
        object a folder: accuracy, seconds, peak memory.
        HEAD=differentiable takes setfit's torch head.

    python Reference/compare_setfit.py turnout BINARY MODEL FOLDER [FOLDER …]
        accuracies alone by Turnout: tuned, frozen, and of a logistic regression on the vectors of its static table. SETTINGS
        holds further settings, such as head=differentiable.

    python Reference/compare_setfit.py time BINARY MODEL FOLDER THREADS ROUNDS
        trains with both in turn, each in a process of its own with that many threads: wall and processor seconds, peak memory.

    python Reference/compare_setfit.py table FILE [FILE …]
        what `run` and `turnout` printed, as a table: mean and deviation over the samples, and the mean difference of the two
        with its 95 % interval (Student's t, paired by sample).

Needs setfit, datasets, scikit-learn and scipy besides Reference/requirements.txt.
"""
import collections
import contextlib
import gzip
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time

THREADS = os.environ.get("THREADS", "2")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = THREADS
HERE = os.path.dirname(os.path.abspath(__file__))
DOMAINS = ("banking", "credit_cards", "travel")
SHOTS = 8
SEEDS = 10


def read(path):
    with (gzip.open(path, "rt") if path.endswith(".gz") else open(path)) as f:
        return [json.loads(line) for line in f]


def weak_is_right(rows):
    """Simple where Mixtral answers rightly, complex where it does not."""
    return [dict(text=r["prompt"], label="simple" if r["scores"]["mistralai/Mixtral-8x7B-Instruct-v0.1"] == 1 else "complex")
            for r in rows if not r["contaminated"]]


# Rows to draw from and, where not the same, rows to test on; and how many test texts a class.
def tasks(data):
    def file(name):
        return read(os.path.join(data, name + ".jsonl.gz"))

    clinc = [dict(text=r["prompt"], label=r["domain"]) for r in file("clinc150_intents") if r["domain"] in DOMAINS]
    code = [dict(text=r["prompt"], label=r["label"]) for r in file("lcb_difficulty_labels") if r["label"] != "medium"]
    mmlu = weak_is_right(file("routellm_mmlu"))
    everyday = [dict(text=r["prompt"], label=r["label"], group=r["language"])
                for r in read(os.path.join(HERE, "..", "Tests", "TurnoutTrainingTests", "Fixtures", "everyday.jsonl"))]
    english = [r for r in everyday if r["group"] == "en"]
    return {
        "pair": ([r for r in clinc if r["label"] != DOMAINS[2]], [], 100),
        "domains": (clinc, [], 67),
        "code": (code, [], 50),
        "mmlu": (mmlu, [], 100),
        "gsm8k": (weak_is_right(file("routellm_gsm8k")), [], 100),
        "everyday": (everyday, [], 60),
        "english": (english, [r for r in everyday if r["group"] == "vi"], 60),
        # For times alone: some 130 tokens a text.
        "long": ([r for r in mmlu if 450 <= len(r["text"]) <= 650], [], 100),
    }


def draw(data, out):
    for task, (rows, further, most) in tasks(data).items():
        for seed in range(SEEDS):
            train, test, count = [], [], collections.Counter()
            for row in random.Random(seed).sample(rows, len(rows)):
                count[row["label"]] += 1
                if count[row["label"]] <= SHOTS:
                    train.append(row)
                elif count[row["label"]] <= SHOTS + most:
                    test.append(row)
            folder = os.path.join(out, task, str(seed))
            os.makedirs(folder, exist_ok=True)
            for name, part in (("train", train), ("test", test + further)):
                with open(os.path.join(folder, name + ".jsonl"), "w") as f:
                    f.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in part)


def accuracies(name, predictions, test):
    """Accuracy over all test rows, and over each group where rows have one."""
    right = [str(p) == r["label"] for p, r in zip(predictions, test)]
    values = {name: sum(right) / len(right)}
    for group in sorted({r["group"] for r in test if "group" in r}):
        mine = [x for x, r in zip(right, test) if r["group"] == group]
        values[f"{name} {group}"] = sum(mine) / len(mine)
    return values


def run(model_folder, folders):
    import logging
    import torch
    import transformers
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    torch.set_num_threads(int(THREADS))
    logging.disable(logging.WARNING)
    transformers.utils.logging.disable_progress_bar()
    differentiable = os.environ.get("HEAD") == "differentiable"
    for folder in folders:
        train, test = (read(os.path.join(folder, name + ".jsonl")) for name in ("train", "test"))
        classes = sorted({r["label"] for r in train})
        options = dict(use_differentiable_head=True, head_params={"out_features": len(classes)}) if differentiable else {}
        model = SetFitModel.from_pretrained(model_folder, labels=classes, **options)
        texts, labels = [r["text"] for r in train], [classes.index(r["label"]) for r in train]
        result = {"folder": folder}
        with tempfile.TemporaryDirectory() as out:
            arguments = TrainingArguments(output_dir=out, report_to="none", save_strategy="no", show_progress_bar=False)
            arguments.logging_dir = None
            started, used = time.time(), time.process_time()
            trainer = Trainer(model=model, args=arguments,
                              train_dataset=Dataset.from_dict({"text": texts, "label": labels}))
            with contextlib.redirect_stdout(sys.stderr):  # where it prints its progress
                trainer.train()
            result |= dict(train_s=time.time() - started, train_cpu_s=time.process_time() - used)
        if not os.environ.get("TIMES"):
            result |= accuracies("python", model.predict([r["text"] for r in test]), test)
        result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
        print(json.dumps(result), flush=True)


def command(binary, model_folder, folder, out, settings=None):
    settings = settings or os.environ.get("SETTINGS", "").split()
    return [binary, "train", "--router", "setfit", "--data", os.path.join(folder, "train.jsonl"), "--text-column", "text",
            "--encoder", os.path.abspath(model_folder), "--threads", THREADS, "--json", "--quiet", "-o", out,
            *(part for setting in settings for part in ("--set", setting))]


def turnout(binary, model_folder, folders):
    from sklearn.linear_model import LogisticRegression

    def predictions(folder, test, settings=None):
        with tempfile.TemporaryDirectory() as out:
            call = command(binary, model_folder, folder, os.path.join(out, "router.safetensors"), settings)
            call += [part for row in test for part in ("--predict", row["text"])]
            answer = json.loads(subprocess.run(call, capture_output=True, text=True, check=True).stdout)
        return [p["label"] for p in answer["predictions"]]

    def static(texts):
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            file.writelines(json.dumps({"prompt": text}) + "\n" for text in texts)
            file.flush()
            lines = subprocess.run([binary, "embed", file.name], capture_output=True, text=True, check=True).stdout
        return [json.loads(line)["embedding"] for line in lines.splitlines()]

    for folder in folders:
        train, test = (read(os.path.join(folder, name + ".jsonl")) for name in ("train", "test"))
        result = {"folder": folder} | accuracies("turnout", predictions(folder, test), test)
        # One step at no rate: the encoder as it was.
        still = ("learning_rate=1e-9", "iterations=1", "batch_size=64")
        result |= accuracies("frozen", predictions(folder, test, still), test)
        head = LogisticRegression().fit(static([r["text"] for r in train]), [r["label"] for r in train])
        result |= accuracies("static", head.predict(static([r["text"] for r in test])), test)
        print(json.dumps(result), flush=True)


def measure(binary, model_folder, folder, rounds):
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as out:
            calls = {
                "turnout": command(binary, model_folder, folder, os.path.join(out, "router.safetensors")),
                "python": [sys.executable, __file__, "run", model_folder, folder]}
            for name in sorted(calls, reverse=number % 2 == 0):
                started = time.time()
                process = subprocess.Popen(calls[name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                           env=os.environ | {"TIMES": "1"})
                answer = json.loads(process.stdout.read())
                _, status, usage = os.wait4(process.pid, 0)
                assert status == 0, (name, status)
                print(json.dumps({
                    "program": name, "folder": folder, "threads": int(THREADS), "wall_s": time.time() - started,
                    "cpu_s": usage.ru_utime + usage.ru_stime, "train_wall_s": answer.get("train_s"),
                    "train_cpu_s": answer.get("train_cpu_s"), "peak_mb": usage.ru_maxrss // 1000}), flush=True)


def table(files):
    from scipy.stats import t

    rows = collections.defaultdict(dict)
    for result in (json.loads(line) for file in files for line in open(file)):
        rows[result["folder"]] |= result
    by_task = collections.defaultdict(list)
    for folder, result in sorted(rows.items()):
        by_task[os.path.basename(os.path.dirname(os.path.abspath(folder)))].append(result)
    print("| task | samples | Turnout | Python's setfit | Turnout − Python | frozen + logistic | static + logistic |")
    print("|---|---|---|---|---|---|---|")
    for task, results in by_task.items():
        groups = [""] + sorted({key[len("turnout"):] for r in results for key in r if key.startswith("turnout ")})
        for group in groups:
            values = {name: [r[name + group] for r in results if name + group in r]
                      for name in ("turnout", "python", "frozen", "static")}
            def cell(name):
                spread = values[name]
                return f"{statistics.mean(spread):.3f} ± {statistics.stdev(spread):.3f}" if len(spread) > 1 else "–"
            both = [r["turnout" + group] - r["python" + group] for r in results
                    if "turnout" + group in r and "python" + group in r]
            difference = "–"
            if len(both) > 1:
                half = t.ppf(0.975, len(both) - 1) * statistics.stdev(both) / len(both) ** 0.5
                mean = statistics.mean(both)
                difference = f"{mean:+.3f} [{mean - half:+.3f}, {mean + half:+.3f}]"
            print(f"| {task}{group} | {len(results)} | {cell('turnout')} | {cell('python')} | {difference} | "
                  f"{cell('frozen')} | {cell('static')} |")


if __name__ == "__main__":
    verb, rest = (sys.argv + [""])[1], sys.argv[2:]
    if verb == "draw" and len(rest) == 2:
        draw(*rest)
    elif verb == "run" and len(rest) > 1:
        run(rest[0], rest[1:])
    elif verb == "turnout" and len(rest) > 2:
        turnout(rest[0], rest[1], rest[2:])
    elif verb == "time" and len(rest) == 5:
        THREADS = os.environ["THREADS"] = rest[3]
        for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ[variable] = THREADS
        measure(rest[0], rest[1], rest[2], int(rest[4]))
    elif verb == "table" and rest:
        table(rest)
    else:
        sys.exit(__doc__)

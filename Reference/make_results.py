"""Measures every kind of router on the development data and writes docs/results.md.

    python3 Reference/make_results.py DATA ENCODER [--turnout FILE] [--kinds a,b] [--resamples 1000] [-o docs/results.md]

DATA is the folder of the development data (third-party, not part of this repository), ENCODER the folder of
all-MiniLM-L6-v2. Every figure comes from `turnout evaluate`; this script only runs it and sets tables. Answers are kept
in .build/results, so that a run that was stopped goes on where it was; remove that folder to measure anew. Needs
`make build` and nothing beside Python's own library.
"""
import argparse
import datetime
import hashlib
import json
import os
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
KEPT = os.path.join(ROOT, ".build", "results")
KINDS = "linear,knn,cluster,matrix-factorisation,similarity-weighted,irt,ensemble"
PAIR = ["--weak", "mistralai/Mixtral-8x7B-Instruct-v0.1", "--strong", "gpt-4-1106-preview", "--exclude", "contaminated"]

# Ong et al. 2024 (RouteLLM), APGR: its best router, trained on battles of Chatbot Arena with golden or judge labels.
PUBLISHED = {"mmlu": ".603 (similarity-weighted)", "gsm8k": ".622 (causal LLM)", "mtbench": ".802 (matrix factorisation)"}

INTRODUCTION = """# Results

Made by `python3 Reference/make_results.py DATA ENCODER` on {date}: {machine}; resamples: {resamples}. DATA stands for
the development data, which is third-party and not part of this repository; ENCODER for the folder of all-MiniLM-L6-v2.
Brackets are 95 % bootstrap intervals with thresholds and gap recomputed in each resample. What the columns mean is in
[evaluation](evaluation.md), what the routers are in [routers](routers/). What was tried on the way, the embedded default
on sources that it was not trained on, and everyday prompts are in [experiments](experiments.md).

With groups held out, one curve is drawn over the estimates of ten fits. A kind whose estimates hardly vary within a fold
is then ordered by how the folds differ, against it: the more a subject needs the strong model, the less the others do.
That is why `similarity-weighted` falls below chance there.

All settings are the defaults of each kind. The pair is gpt-4-1106-preview over Mixtral-8x7B.
"""


def evaluate(options, arguments):
    """The JSON object of one `turnout evaluate`, measured once and kept."""
    command = [arguments.turnout, "evaluate", *options, "--resamples", str(arguments.resamples), "--json", "--quiet"]
    key = hashlib.sha256(json.dumps(options + [arguments.resamples]).encode()).hexdigest()[:16]
    path = os.path.join(KEPT, key + ".json")
    if not os.path.exists(path):
        print("turnout evaluate", *options, file=sys.stderr, flush=True)
        answer = subprocess.run(command, capture_output=True, text=True)
        if answer.returncode:
            print(answer.stderr, file=sys.stderr)
            return {"failure": answer.stderr.strip().splitlines()[-1] if answer.stderr.strip() else "failed"}
        os.makedirs(KEPT, exist_ok=True)
        with open(path + ".part", "w") as file:
            file.write(answer.stdout)
        os.replace(path + ".part", path)
    with open(path) as file:
        return json.load(file)


def figure(value, digits=3):
    if not value:
        return "–"
    def short(number):
        text = f"{number:.{digits}f}"
        return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
    if value.get("low") == value.get("high"):
        return short(value["value"])
    return f"{short(value['value'])} [{short(value['low'])}, {short(value['high'])}]"


def row(cells):
    return "| " + " | ".join(cells) + " |"


def pair_rows(answer, encoder):
    if "failure" in answer:
        return [row([f"{encoder}", answer["failure"], "", "", "", ""])]
    lines = []
    for router in answer["routers"]:
        ten = router.get("ten_bin") or {}
        lines.append(row([
            router["name"], encoder, f"**{figure(router['apgr'])}**", figure(router.get("cpt50")), figure(router.get("cpt80")),
            figure(ten.get("apgr") if isinstance(ten.get("apgr"), dict) else {"value": ten["apgr"], "low": 0, "high": 0})
            if ten.get("apgr") is not None else "–",
            f"{router['micros_per_decision']:.0f}" if router.get("micros_per_decision") else "–"]))
    return lines


def baseline_rows(answer):
    lines = []
    for name in ("length", "random", "oracle"):
        baseline = answer.get("baselines", {}).get(name)
        if baseline and baseline.get("apgr"):
            lines.append(row([f"*{name}*", "", figure(baseline["apgr"]), figure(baseline.get("cpt50")),
                              figure(baseline.get("cpt80")), "–", "–"]))
    return lines


def pair_table(title, words, options, kinds, arguments, published=None):
    lines = [f"## {title}", "", words, "", "```", "turnout evaluate " + " ".join(options).replace(arguments.data, "DATA")
             + " --train KIND --encoder static|ENCODER", "```", ""]
    head = ["router", "encoder", "APGR", "CPT50", "CPT80", "APGR, ten bins", "µs"]
    lines += [row(head), row(["---"] * len(head))]
    first = None
    for encoder, name in (("static", "static"), (arguments.encoder, "MiniLM")):
        answer = evaluate(options + [x for kind in kinds for x in ("--train", kind)] + ["--encoder", encoder], arguments)
        first = first or answer
        lines += pair_rows(answer, name)
        notes = [answer["verdict"]] if answer.get("verdict") else []
        lines_after = [f"- {name}: {note}" for note in notes]
        table_notes.extend(lines_after)
    lines += baseline_rows(first)
    if published:
        lines.append(row(["*best published RouteLLM, trained elsewhere*", "", published, "", "", "", ""]))
    lines += [""] + table_notes + [""]
    table_notes.clear()
    return lines


table_notes = []


def many_table(title, words, options, kinds, arguments):
    lines = [f"## {title}", "", words, "", "```", "turnout evaluate " + " ".join(options).replace(arguments.data, "DATA")
             + " --train KIND --encoder static|ENCODER", "```", ""]
    head = ["router", "encoder", "mean score", "dollars per 1,000", "mean quality over budgets", "µs"]
    lines += [row(head), row(["---"] * len(head))]
    def cells(name, encoder, item):
        cost = item.get("cost_usd")
        dollars = figure({k: v * 1000 for k, v in cost.items()}, 2) if isinstance(cost, dict) else "–"
        micros = item.get("micros_per_decision")
        return row([name, encoder, figure(item.get("quality"), 4), dollars, figure(item.get("area"), 4),
                    f"{micros:.0f}" if micros else "–"])
    first = None
    for encoder, name in (("static", "static"), (arguments.encoder, "MiniLM")):
        answer = evaluate(options + [x for kind in kinds for x in ("--train", kind)] + ["--encoder", encoder], arguments)
        if "failure" in answer:
            lines.append(row([name, answer["failure"], "", "", "", ""]))
            continue
        first = first or answer
        lines += [cells(router["name"], name, router) for router in answer["routers"]]
        if answer.get("verdict"):
            table_notes.append(f"- {name}: {answer['verdict']}")
    for name, baseline in (first or {}).get("baselines", {}).items():
        lines.append(cells(f"*{name.replace('_', ' ')}*", "", baseline))
    lines += [""] + table_notes + [""]
    table_notes.clear()
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("encoder")
    parser.add_argument("--turnout", default=os.path.join(ROOT, ".build", "release", "turnout"))
    parser.add_argument("--kinds", default=KINDS)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--machine", default=f"{os.cpu_count()} cores")
    parser.add_argument("-o", "--output", default=os.path.join(ROOT, "docs", "results.md"))
    arguments = parser.parse_args()
    arguments.data = os.path.abspath(arguments.data)
    arguments.encoder = os.path.abspath(arguments.encoder)
    kinds = arguments.kinds.split(",")
    quick = [kind for kind in kinds if kind in ("linear", "knn", "cluster", "irt", "ensemble")]

    def file(name):
        return os.path.join(arguments.data, name + ".jsonl.gz")

    mmlu, gsm8k, mtbench = file("routellm_mmlu"), file("routellm_gsm8k"), file("routellm_mtbench")
    pages = [INTRODUCTION.format(date=datetime.date.today(), machine=arguments.machine, resamples=arguments.resamples)]
    sections = [
        pair_table("MMLU, subjects held out", "Ten folds; whole subjects are held out, and drawn in the intervals: what to "
                   "expect on new subjects.", ["--data", mmlu, *PAIR, "--group-by", "category", "--folds", "10"], kinds,
                   arguments, PUBLISHED["mmlu"]),
        pair_table("MMLU, random folds", "Five folds; the test prompts are of the subjects that were learnt.",
                   ["--data", mmlu, *PAIR, "--folds", "5"], kinds, arguments, PUBLISHED["mmlu"]),
        pair_table("GSM8K", "Five random folds.", ["--data", gsm8k, *PAIR, "--folds", "5"], kinds, arguments,
                   PUBLISHED["gsm8k"]),
        pair_table("MT-Bench, trained elsewhere", "Trained on MMLU and GSM8K of the same pair; 72 prompts, so the intervals "
                   "are wide.", ["--data", mmlu, "--data", gsm8k, *PAIR, "--test", mtbench], kinds, arguments,
                   PUBLISHED["mtbench"]),
        pair_table("GSM8K, trained elsewhere", "Trained on MMLU of the same pair.",
                   ["--data", mmlu, *PAIR, "--test", gsm8k], kinds, arguments, PUBLISHED["gsm8k"]),
        pair_table("MMLU, trained elsewhere", "Trained on GSM8K of the same pair.",
                   ["--data", gsm8k, *PAIR, "--test", mmlu], kinds, arguments, PUBLISHED["mmlu"]),
        many_table("Eleven models with dollars: routerbench_subset", "Five random folds.",
                   ["--data", file("routerbench_subset"), "--folds", "5"], kinds, arguments),
        many_table("Twenty-nine models: mmlu_pro_original", "Five random folds; the two kinds that learn from pairs of "
                   "models are left out, since 406 pairs a prompt take them minutes.",
                   ["--data", file("mmlu_pro_original"), "--folds", "5"], quick, arguments),
    ]
    text = "\n".join(pages + [line for section in sections for line in section]).rstrip() + "\n"
    with open(arguments.output + ".part", "w", encoding="utf-8") as out:
        out.write(text)
    os.replace(arguments.output + ".part", arguments.output)


main()

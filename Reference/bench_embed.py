"""Times `turnout embed` against sentence-transformers on the same texts, model and machine, and prints a table.

    python Reference/bench_embed.py --model FOLDER --data FILE.jsonl.gz [--rows N] [--rounds 1] [--threads 2]

FILE holds one object a line with a `prompt`. Both read the same texts, load the model and write every vector to a file; each
runs as a process of its own, in turns. What is compared is wall time, processor time and peak memory of the whole
process. The vectors of both are compared too. Needs sentence-transformers (Reference/requirements.txt) and
`make build`.
"""
import argparse
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
TURNOUT = os.path.join(ROOT, ".build", "release", "turnout")


def peer(model, texts, output, threads):
    import numpy
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(threads)
    with open(texts, encoding="utf-8") as file:
        prompts = [json.loads(line)["prompt"] for line in file]
    encoder = SentenceTransformer(model, device="cpu")
    numpy.save(output, encoder.encode(prompts, batch_size=32, normalize_embeddings=True))


def measured(command):
    """Wall seconds, processor seconds and peak memory in MiB of one process."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[0]} ended with status {status}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def largest_difference(ours, theirs):
    import numpy
    from safetensors.numpy import load_file

    (mine,) = load_file(ours).values()
    return float(numpy.abs(mine - numpy.load(theirs)).max())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        return peer(arguments.model, arguments.data, arguments.peer, arguments.threads)

    with tempfile.TemporaryDirectory() as folder:
        texts, ours, theirs = (os.path.join(folder, name) for name in ("texts.jsonl", "ours.safetensors", "theirs.npy"))
        opened = gzip.open if arguments.data.endswith(".gz") else open
        with opened(arguments.data, "rt", encoding="utf-8") as source, open(texts, "w", encoding="utf-8") as file:
            for count, line in enumerate(source):
                if arguments.rows and count >= arguments.rows:
                    break
                file.write(json.dumps({"prompt": json.loads(line)["prompt"]}) + "\n")
        threads = str(arguments.threads)
        embed = [TURNOUT, "embed", "--encoder", os.path.abspath(arguments.model), "--threads", threads, "--quiet",
                 "--no-embedding-cache", texts, "-o", ours]
        commands = {
            "sentence-transformers": [sys.executable, os.path.abspath(__file__), "--model", arguments.model, "--data",
                                      texts, "--threads", threads, "--peer", theirs],
            "turnout int8": [*embed, "--weights", "int8"],
            "turnout float32": embed,
        }
        best = {name: (float("inf"),) * 3 for name in commands}
        for _ in range(arguments.rounds):
            for name, command in commands.items():
                best[name] = tuple(map(min, best[name], measured(command)))
        wall, processor, memory = best["sentence-transformers"]
        print(f"{count} texts or fewer, {threads} threads; least of {arguments.rounds} rounds")
        for name, (w, p, m) in best.items():
            print(f"{name:24} {w:7.1f} s ({w / wall:.2f})  processor {p:7.1f} s ({p / processor:.2f})  "
                  f"peak {m:6.0f} MiB ({m / memory:.2f})")
        print(f"largest difference of float32 vectors: {largest_difference(ours, theirs):.1e}")


main()

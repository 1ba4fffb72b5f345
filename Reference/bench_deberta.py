"""Times Turnout's DeBERTa-v3 against PyTorch on the same model, machine and run, and prints a table of ratios.

    python Reference/bench_deberta.py [--seconds 2] [--rounds 3] [--processor-time]

The model has the size of DeBERTa-v3-base (12 layers, 768 wide, 256 buckets) and random weights; its vocabulary is that of
the tests, since neither side's time depends on it. The two take turns, one text at a time, and the least time of each
over all rounds counts; below 1.00 Turnout is the faster. Needs the packages of requirements.txt; builds the Swift side as
bench_onnx.py does. --processor-time as there.
"""
import argparse
import os
import shutil
import tempfile
import time

from bench_onnx import ROOT, STORAGES, THREADS, built_benchmark, ours_ms

LENGTHS = (64, 256)


def base_model(folder):
    import torch
    from transformers import DebertaV2Config, DebertaV2Model

    torch.manual_seed(0)
    model = DebertaV2Model(DebertaV2Config(
        vocab_size=20000, hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072,
        relative_attention=True, position_buckets=256, norm_rel_ebd="layer_norm", share_att_key=True,
        pos_att_type=["p2c", "c2p"], position_biased_input=False)).eval()
    model.save_pretrained(folder)
    pieces = os.path.join(ROOT, "Tests", "TurnoutEncodersTests", "Fixtures", "tokenizers", "spm.model")
    shutil.copy(pieces, folder)
    return model


def theirs_ms(model, length, seconds, clock):
    import torch

    ids = torch.randint(1000, 20000, (1, length))
    batch = dict(input_ids=ids, attention_mask=torch.ones_like(ids))
    with torch.inference_mode():
        for _ in range(2):
            model(**batch)
        least, end = float("inf"), clock() + seconds
        while clock() < end:
            start = clock()
            model(**batch)
            least = min(least, clock() - start)
    return least * 1e3


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processor-time", action="store_true")
    arguments = parser.parse_args()
    import torch

    binary, clock = built_benchmark(), time.perf_counter
    if arguments.processor_time:
        os.environ["TURNOUT_PROCESSOR_TIME"] = "1"
        clock = time.thread_time
    with tempfile.TemporaryDirectory() as folder:
        model = base_model(folder)
        print(f"{'threads':>7} {'tokens':>6} {'PyTorch':>13}" + "".join(f"{s:>18}" for s in STORAGES))
        for threads in (1,) if arguments.processor_time else THREADS:
            torch.set_num_threads(threads)
            for length in LENGTHS:
                theirs, ours = float("inf"), {s: float("inf") for s in STORAGES}
                for _ in range(arguments.rounds):
                    theirs = min(theirs, theirs_ms(model, length, arguments.seconds, clock))
                    for storage in STORAGES:
                        cell = ours_ms(binary, folder, storage, threads, length, arguments.seconds)
                        ours[storage] = min(ours[storage], cell["least_ms"])
                cells = "".join(f"{ours[s]:>10.1f} ({ours[s] / theirs:.2f})" for s in STORAGES)
                print(f"{threads:>7} {length:>6} {theirs:>10.1f} ms{cells}", flush=True)


if __name__ == "__main__":
    main()

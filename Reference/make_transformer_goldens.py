"""Makes what TurnoutEncodersTests/Transformer* compare with: the vectors that PyTorch computes.

    python Reference/make_transformer_goldens.py families [NAME ...]
        writes Tests/TurnoutEncodersTests/Fixtures/Transformer/{bert,roberta,xlm-roberta,deberta-v3,deberta-v2}: small
        models of seeded random weights in the ordinary layout, each with expected.json (token ids, vectors, logits).
        Those of DeBERTa are computed in one padded batch with its mask. Also places.json, the buckets of distances.

    python Reference/make_transformer_goldens.py minilm MODEL DATA OUT
        encodes 2,000 prompts (the .jsonl.gz files of DATA, and the Vietnamese and code lines below) with the
        sentence-transformers model in folder MODEL; writes OUT/prompts.json and OUT/goldens.safetensors. Too large to
        be committed: point TURNOUT_MINILM at MODEL and TURNOUT_MINILM_GOLDENS at OUT to run the test that reads it.

Needs torch, transformers, sentence-transformers, safetensors (versions of the committed files: 2.15, 5.23, 6.2; those of
DeBERTa: 2.13, 5.24).
"""
import glob
import gzip
import json
import os
import random
import sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
from safetensors.torch import save_file

FIXTURES = os.path.join(os.path.dirname(__file__), "..", "Tests", "TurnoutEncodersTests", "Fixtures", "Transformer")

VIETNAMESE = [
    "Xin chào, bạn có thể giúp tôi viết một email xin nghỉ phép không?",
    "Giải thích thuật toán sắp xếp nhanh bằng ví dụ cụ thể.",
    "Thủ đô của Việt Nam là gì, và vì sao nơi đó được chọn?",
    "Viết một bài thơ lục bát về mùa thu Hà Nội.",
    "Tính đạo hàm của hàm số f(x) = x² · ln(x).",
    "Tóm tắt đoạn văn sau trong ba câu, giữ nguyên các con số.",
    "Sửa lỗi chính tả: “Hôm nay trời đẹp quá, tôi muốm đi chơi.”",
    "Dịch sang tiếng Anh: Con đường nào cũng dẫn về nhà.",
    "Phân loại câu này là tích cực hay tiêu cực: Dịch vụ quá tệ!",
    "Nêu ba nguyên nhân của lạm phát và cách kiềm chế.",
]
CODE = [
    "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)",
    "SELECT u.name, COUNT(*) FROM users u JOIN orders o ON o.uid = u.id GROUP BY u.name HAVING COUNT(*) > 3;",
    "#include <stdio.h>\nint main(void) { for (int i = 0; i < 10; i++) printf(\"%d\\n\", i * i); }",
    "let xs = [1, 2, 3].map { $0 * 2 }.filter { $0 % 3 == 0 }",
    "Why does `git rebase -i HEAD~3` say 'cannot rebase: You have unstaged changes'?",
    "{\"a\": [1, 2.5e-3, null], \"b\": {\"c\": \"\\u00e9\"}}",
    "regex: ^(?:[a-z0-9!#$%&'*+/=?^_`{|}~-]+)@([a-z0-9]+\\.)+[a-z]{2,}$",
    "x = np.linalg.solve(A.T @ A + lam * np.eye(n), A.T @ b)  # ridge",
]


def families(names):
    from transformers import (BertConfig, BertForSequenceClassification, DebertaV2Config,
                              DebertaV2ForSequenceClassification, DebertaV2Model, RobertaConfig,
                              RobertaForSequenceClassification, XLMRobertaConfig, XLMRobertaModel)

    sizes = dict(num_hidden_layers=2, initializer_range=0.25, vocab_size=67)
    small = dict(hidden_size=64, num_attention_heads=4, intermediate_size=128, **sizes)
    odd = dict(hidden_size=40, num_attention_heads=5, intermediate_size=72, **sizes)  # nothing fills a vector register
    roberta = dict(max_position_embeddings=50, pad_token_id=1, type_vocab_size=1, layer_norm_eps=1e-5)
    narrow = dict(hidden_size=32, num_attention_heads=4, intermediate_size=64, max_position_embeddings=48, **sizes)
    version3 = dict(relative_attention=True, position_buckets=8, norm_rel_ebd="layer_norm", share_att_key=True,
                    pos_att_type="p2c|c2p", max_relative_positions=-1, position_biased_input=False, type_vocab_size=0)
    version2 = dict(relative_attention=True, max_relative_positions=12, share_att_key=False, pos_att_type=["c2p", "p2c"],
                    position_biased_input=True, type_vocab_size=2, max_position_embeddings=48)
    cases = {
        "bert": (BertForSequenceClassification, BertConfig(max_position_embeddings=48, num_labels=3, **small),
                 "cls", True, torch.float16),
        "roberta": (RobertaForSequenceClassification, RobertaConfig(num_labels=2, **roberta, **small),
                    "max", False, torch.bfloat16),
        "xlm-roberta": (XLMRobertaModel, XLMRobertaConfig(**roberta, **odd), None, False, torch.float32),
        "deberta-v3": (DebertaV2ForSequenceClassification, DebertaV2Config(num_labels=3, **version3, **narrow), None, False,
                       torch.float16),
        "deberta-v2": (DebertaV2Model, DebertaV2Config(**version2, **odd), None, False, torch.float16),
    }
    for seed, (name, (kind, config, pooling, normalises, dtype)) in enumerate(cases.items()):
        if names and name not in names:
            continue
        folder = os.path.join(FIXTURES, name)
        os.makedirs(folder, exist_ok=True)
        torch.manual_seed(seed)
        config.hidden_act = "gelu_new" if name == "roberta" else "gelu"
        model = kind(config).eval()
        with torch.no_grad():
            for key, p in model.named_parameters():
                if p.dim() == 1:  # biases and norms start at 0 and 1, which would prove little
                    p.add_(torch.randn_like(p) * 0.1)
                p.copy_(p.to(dtype).float())
        tensors = {k: v.to(dtype).contiguous() for k, v in model.state_dict().items() if v.is_floating_point()}
        config.architectures = [kind.__name__]
        config.dtype = None
        config.save_pretrained(folder)
        if name == "xlm-roberta":  # in two shards
            keys = sorted(tensors)
            parts = {"model-00001-of-00002.safetensors": keys[::2], "model-00002-of-00002.safetensors": keys[1::2]}
            for file, part in parts.items():
                save_file({k: tensors[k] for k in part}, os.path.join(folder, file))
            index = {"metadata": {}, "weight_map": {k: f for f, part in parts.items() for k in part}}
            dump(os.path.join(folder, "model.safetensors.index.json"), index)
        else:
            save_file(tensors, os.path.join(folder, "model.safetensors"))
        if pooling:
            modules = ["Transformer", "Pooling"] + (["Normalize"] if normalises else [])
            dump(os.path.join(folder, "modules.json"),
                 [dict(idx=i, name=str(i), path="" if i == 0 else f"{i}_{m}", type=f"sentence_transformers.models.{m}")
                  for i, m in enumerate(modules)])
            os.makedirs(os.path.join(folder, "1_Pooling"), exist_ok=True)
            flags = {f"pooling_mode_{m}": m.startswith(pooling) for m in ("cls_token", "mean_tokens", "max_tokens")}
            dump(os.path.join(folder, "1_Pooling", "config.json"),
                 {"word_embedding_dimension": config.hidden_size, **flags})
        generator = random.Random(seed)
        first = 2 if name != "bert" else 0
        ids = [[generator.randrange(first, 67) for _ in range(n)] for n in (1, 2, 3, 7, 16, 31, 33, 48)]
        vectors, logits = [], []
        has_head = kind.__name__.endswith("ForSequenceClassification")
        with torch.no_grad():
            for rows in [ids] if name.startswith("deberta") else [[sequence] for sequence in ids]:
                longest = max(map(len, rows))
                mask = torch.tensor([[1] * len(r) + [0] * (longest - len(r)) for r in rows])
                batch = dict(input_ids=torch.tensor([r + [0] * (longest - len(r)) for r in rows]), attention_mask=mask)
                states = (getattr(model, model.base_model_prefix) if has_head else model)(**batch).last_hidden_state
                for h in (states[i, : len(r)] for i, r in enumerate(rows)):
                    v = {"cls": h[0], "max": h.max(0).values, None: h.mean(0)}[pooling]
                    vectors.append((torch.nn.functional.normalize(v, dim=0) if normalises else v).tolist())
                if has_head:
                    logits += model(**batch).logits.tolist()
        dump(os.path.join(folder, "expected.json"), {"ids": ids, "vectors": vectors, "logits": logits})


def places():
    """The place of every distance, -(longest - 1) to longest - 1, as DeBERTa's attention looks it up."""
    from transformers.models.deberta_v2.modeling_deberta_v2 import build_relative_position

    cases = []
    for longest, farthest, buckets in [(512, 512, 256), (48, 48, 8), (100, 64, 32), (40, 24, 7), (20, 512, 256), (9, 7, 2)]:
        rows = torch.zeros(longest, 1)
        distances = build_relative_position(rows, rows, bucket_size=buckets, max_position=farthest)[0]
        row = torch.cat([distances[0].flip(0), distances[1:, 0]])  # query 0 with all keys, then all queries with key 0
        cases.append(dict(longest=longest, farthest=farthest, buckets=buckets,
                          places=(row + buckets).clamp(0, 2 * buckets - 1).tolist()))
    dump(os.path.join(FIXTURES, "places.json"), cases)


def dump(path, value):
    with open(path, "w") as f:
        json.dump(value, f, separators=(",", ":"))
        f.write("\n")


def prompts_of(data):
    """The texts of all data sets in turn, seeded, then the lines above."""
    generator = random.Random(7)
    pools = []
    for path in sorted(glob.glob(os.path.join(data, "*.jsonl.gz"))):
        texts = []
        for line in gzip.open(path, "rt"):
            row = json.loads(line)
            text = row.get("prompt") or row.get("text")
            if isinstance(text, str) and text:
                texts.append(text)
        generator.shuffle(texts)
        if texts:
            pools.append(texts)
    chosen = VIETNAMESE + CODE
    chosen += [a + " " + b for a in VIETNAMESE for b in VIETNAMESE if a != b]
    seen = set(chosen)
    while len(chosen) < 2000:
        for texts in pools:
            while texts and texts[-1] in seen:
                texts.pop()
            if texts and len(chosen) < 2000:
                seen.add(texts[-1])
                chosen.append(texts.pop())
    return chosen


def minilm(model, data, out):
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(int(os.environ.get("THREADS", "2")))
    os.makedirs(out, exist_ok=True)
    prompts = prompts_of(data)
    encoder = SentenceTransformer(model, device="cpu")
    vectors = encoder.encode(prompts, batch_size=16, convert_to_tensor=True, normalize_embeddings=True)
    ids = [encoder.tokenizer(p, truncation=True, max_length=encoder.max_seq_length)["input_ids"] for p in prompts]
    lengths = torch.tensor([len(i) for i in ids], dtype=torch.int32)
    tensors = {"vectors": vectors.float().contiguous(), "lengths": lengths,
               "ids": torch.tensor([t for i in ids for t in i], dtype=torch.int32)}
    save_file(tensors, os.path.join(out, "goldens.safetensors"))
    dump(os.path.join(out, "prompts.json"), prompts)
    print(f"{len(prompts)} prompts, {int(lengths.sum())} tokens, longest {int(lengths.max())}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["families"]:
        families(sys.argv[2:])
        places()
    elif len(sys.argv) == 5 and sys.argv[1] == "minilm":
        minilm(*sys.argv[2:])
    else:
        sys.exit(__doc__)

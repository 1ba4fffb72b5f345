"""Writes Tests/TurnoutEncodersTests/Fixtures/tokenizers: small tokenizers and the ids that the library gives for them.

Each tokenizer has the parts of a well-known one (normaliser, pre-tokeniser, model, post-processor, added tokens), and a
vocabulary trained here on the sentences below, all written for this project. `strings.json` holds the texts, and
`NAME.ids.json` the ids of each text under NAME, whole and cut to 12. `spm.model` is a SentencePiece file such as DeBERTa's,
`spm.ids.json` the ids under the tokenizer that transformers' converter makes of it, and `deberta-v3-saved.json` what
transformers 5 saves after loading it, which has another normaliser.

usage: make_tokenizer_json_goldens.py [FOLDER]        needs: pip install tokenizers sentencepiece protobuf transformers
"""
import itertools
import json
import random
import sys
import tempfile
import unicodedata
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

ENGLISH = """The train leaves the yard at six and takes the left track.
A router that never asks for help will sooner or later send a hard question down the wrong line.
Which model is good enough for this prompt, and what would the better one cost?
Don't guess; measure it, write it down, and let somebody else repeat it.
We've seen that they're slower than we'd hoped, but it's what you'll get for now.
Summarise the following report in three sentences and name the two largest risks.
Translate this letter into plain English and keep the numbers as they are: 3.14, 2,000 and 17%.
Write a short poem about rain on a tin roof, without the word "rain".
The committee met on 12 March 2024, decided nothing, and adjourned until the 19th.
If a tank holds 240 litres and drains at 7.5 litres a minute, when is it half empty?
Explain to a ten-year-old why the sky is blue and the evening red.
The quarterly figures were better than expected: revenue rose, costs fell, and nobody was surprised.
She sold eleven baskets of apples, kept four for herself and gave the rest to her neighbours.
Please classify the customer's message as praise, complaint, question or something else.
Every certificate names the data it was made from, the day it was made, and the error it allows.
Old signal boxes had one lever for each turnout and a bell for each direction.""".splitlines()

VIETNAMESE = """Chuyến tàu rời ga lúc sáu giờ và rẽ sang đường ray bên trái.
Bạn có thể giúp tôi viết một đoạn mã Python để đếm số từ trong tệp văn bản không?
Hôm nay trời mưa to nên chúng tôi ở nhà nấu phở và đọc sách cũ.
Thành phố này có nhiều con đường nhỏ, quán cà phê và những hàng cây xanh mát.
Hãy tóm tắt bài báo sau đây trong ba câu và nêu hai rủi ro lớn nhất.
Mô hình nào đủ tốt cho câu hỏi này, và mô hình tốt hơn tốn bao nhiêu tiền?
Bà ngoại kể chuyện ngày xưa bên bếp lửa, giọng chậm rãi và ấm áp.
Nếu bể chứa hai trăm lít nước và mỗi phút chảy ra năm lít thì bao lâu sẽ cạn?
Xin vui lòng phân loại tin nhắn của khách hàng: khen, phàn nàn, câu hỏi hay khác.""".splitlines()

CODE = """def route(prompt, models):
    return min(models, key=lambda m: m.price if m.good_enough(prompt) else float("inf"))
for (int i = 0; i < n; ++i) { total += weights[i] * x[i]; }
SELECT name, COUNT(*) FROM calls WHERE status != 200 GROUP BY name ORDER BY 2 DESC;
let ids = try tokenizer.encode(text, maximumLength: 128)
curl -s https://example.org/v1/models?limit=10 | jq '.data[].id'
if (!ok) throw new Error(`failed after ${attempts} attempts: ${reason}`);
<div class="row"><a href="/docs#top">docs</a></div>""".splitlines()

OTHERS = """今天的火车在六点离开车站,然后转向左边的轨道。
この質問にはどのモデルで十分ですか。カタカナとひらがなも書きます。
어느 모델이 이 질문에 충분히 좋은가요? 기차는 여섯 시에 떠납니다.
รถไฟออกจากสถานีตอนหกโมงและเลี้ยวไปทางซ้าย
Поезд уходит в шесть часов и сворачивает на левый путь.
Το τρένο φεύγει στις έξι και στρίβει αριστερά.
القطار يغادر المحطة في السادسة ثم يتجه إلى اليسار
רכבת יוצאת מהתחנה בשעה שש ופונה שמאלה
ट्रेन छह बजे स्टेशन से निकलती है और बाईं ओर मुड़ती है
Über die Größe der Straße läßt sich streiten; naïve Gäste zahlen 5 € für den Café.""".splitlines()

CORPUS = ENGLISH * 4 + VIETNAMESE * 4 + CODE * 2 + OTHERS * 2

AWKWARD = [
    "", " ", "   ", "\n", "\r\n", "a\r\nb", "\t\ttabs\t", " leading", "trailing ", "  two  spaces  ", "a" * 300, "ab" * 2000,
    "don't DON'T I'll we'RE 'tis 's ''s 'ſ", "'", "''", "1234567890 12,345.67 ½ ² Ⅷ ١٢٣ ①", "a1b2c3",
    "\u00a0nbsp\u2003em\u3000ideographic\u200bzero\u2028line", "\x00\x01\x7f\x85\xad\u200e\ufeff\ufffd",
    "ﬁne ﬀ ™ ℠ ㎏ ㍿ Ｆｕｌｌ ｗｉｄｔｈ ｶﾞﾊﾟ", "e\u0301 e\u0323\u0302 \u0323\u0302e ệ ệ", "\u0301\u0301alone", "a" + "\u0301\u0316" * 20,
    "İstanbul ıI ǅ ẞß ΣΑΣ", "각 \u1100\u1161\u11a8 가\u11a8 \u1100\u1100\u1161", "क्षत्रिय \u0915\u094d\u200d\u0937 \u0958",
    "👍🏽 👨‍👩‍👧‍👦 🇻🇳🇺🇸🇫 ❤️ 1️⃣ ™️ ©\u0301", "\u0600a \u0600\u0301 ｅ\u0301 ™\u0301x", "שָׁלוֹם مَرْحَبًا",
    "<s>inside</s> <mask>  and <pad><unk>", "[CLS] [SEP][MASK] [UNK] [PAD]", "  <mask>  ", "Turnout turnout TURNOUT Turnouts",
    "|||IP_ADDRESS||| and        spaces", "``quoted'' text", "<0x41><0x0A>", "▁already ▁▁ marked▁", "## ##ing #", "@@x",
    "𠀀𠮷 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \U0001d165\U000e0100", "\ud7b0\ud7cb", "x\u20dd 漢字かな交じり文", "a.b.c...d!!!?", "snake_case camelCase kebab-case",
]


def spliced(count):
    """Texts cut from the sentences and put together again with odd things between; the same on every run."""
    chance = random.Random(20240612)
    odd = [" ", "  ", "\n", "\t", "\u00a0", "\u0301", "\u200d", "'", "'s", "…", "—", "<mask>", "[SEP]", "9", "é", "e\u0302", "ﬁ", "☃️", "ế", "가", "字"]
    texts = []
    for _ in range(count):
        parts = []
        for _ in range(chance.randint(1, 6)):
            line = chance.choice(ENGLISH + VIETNAMESE + CODE + OTHERS)
            at = chance.randrange(len(line))
            parts += [line[at : at + chance.randint(1, 14)], chance.choice(odd)]
        texts.append("".join(parts))
    return texts


def charsmap_rules():
    """Rules in the manner of SentencePiece's nmt_nfkc, for a few blocks only, so that the map stays small."""
    rules = {c: " " for c in [*map(chr, [9, 10, 12, 13, 0x2028, 0x2029, 0x200B, 0x200E, 0xFEFF, 0x3000, 0xA0]), "\r\n"]}
    rules |= {chr(c): "" for c in [*range(1, 9), 11, *range(14, 32), 127, 0x8F, 0x9F]}
    blocks = [(0xA0, 0x180), (0x1E00, 0x1F00), (0x2070, 0x20A0), (0x2100, 0x2190), (0x2460, 0x2474), (0x3380, 0x33A0),
              (0xFB00, 0xFB07), (0xFF01, 0xFFA0), (0x1D400, 0x1D440), (0x0958, 0x0960)]
    for c in map(chr, itertools.chain.from_iterable(range(*b) for b in blocks)):
        folded = unicodedata.normalize("NFKC", c)
        if folded != c and c not in rules:
            rules[c] = folded
        parts = unicodedata.normalize("NFD", c)
        if len(parts) > 1 and unicodedata.normalize("NFC", parts) == c:
            rules[parts] = c
    return rules


def sentencepiece_model(folder, kind, size, **options):
    lines = folder / "corpus.txt"
    lines.write_text("\n".join(CORPUS) + "\n")
    rules = folder / "rules.tsv"
    spell = lambda t: " ".join(f"{ord(c):X}" for c in t)
    rules.write_text("".join(f"{spell(a)}\t{spell(b)}\n" for a, b in charsmap_rules().items()))
    sentencepiece.SentencePieceTrainer.train(
        input=str(lines), model_prefix=str(folder / kind), model_type=kind, vocab_size=size, num_threads=1, minloglevel=2,
        normalization_rule_tsv=str(rules), hard_vocab_limit=False, **options)
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString((folder / f"{kind}.model").read_bytes())
    return proto


def special(*texts, **options):
    return [AddedToken(t, special=True, normalized=False, **options) for t in texts]


def around(opening, closing, tokenizer):
    ids = [(t, tokenizer.token_to_id(t)) for t in (opening, closing)]
    return processors.TemplateProcessing(
        single=f"{opening} $A {closing}", pair=f"{opening} $A {closing} $B {closing}", special_tokens=ids)


def wordpiece(normalizer, pre_tokenizer, size=900, unknown="[UNK]", prefix="##", longest=100):
    t = Tokenizer(models.WordPiece(unk_token=unknown, continuing_subword_prefix=prefix, max_input_chars_per_word=longest))
    t.normalizer, t.pre_tokenizer = normalizer, pre_tokenizer
    names = ["[PAD]", unknown, "[CLS]", "[SEP]", "[MASK]"]
    t.train_from_iterator(CORPUS, trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=special(*names), continuing_subword_prefix=prefix, show_progress=False))
    trained = json.loads(t.to_str())  # The trainer forgets the longest word.
    trained["model"]["max_input_chars_per_word"] = longest
    t = Tokenizer.from_str(json.dumps(trained))
    t.post_processor = around("[CLS]", "[SEP]", t)
    return t


def byte_level(specials, normalizer=None, pre_tokenizer=None, size=1100, **options):
    t = Tokenizer(models.BPE(**options))
    t.normalizer = normalizer
    t.pre_tokenizer = pre_tokenizer or pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=size, special_tokens=specials, show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    return t


def roberta():
    t = byte_level([AddedToken(s, special=True, normalized=True) for s in ("<s>", "<pad>", "</s>", "<unk>")]
                   + special("<mask>", lstrip=True))
    t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    return t


def modernbert():
    t = byte_level(special("[UNK]", "[CLS]", "[SEP]", "[PAD]") + special("[MASK]", lstrip=True), normalizers.NFC())
    t.add_tokens([AddedToken(" " * n, normalized=True) for n in range(8, 1, -1)])
    t.add_tokens([AddedToken("|||IP_ADDRESS|||", normalized=True)])
    t.post_processor = around("[CLS]", "[SEP]", t)
    return t


def cl100k():
    pattern = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
               r"\s+(?!\S)|\s+")
    cut = [pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)]
    t = byte_level(special("<|begin|>"), pre_tokenizer=pre_tokenizers.Sequence(cut), ignore_merges=True)
    t.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=True),
        processors.TemplateProcessing(single="<|begin|> $A", pair="<|begin|> $A $B", special_tokens=[("<|begin|>", 0)])])
    return t


def unigram(folder, normalizer, pre_tokenizer, names, mask, byte_fallback=False):
    proto = sentencepiece_model(folder, "unigram", 1000, character_coverage=0.998)
    pieces = [(n, 0.0) for n in names] + [(p.piece, p.score) for p in proto.pieces[3:]]
    if byte_fallback:
        pieces += [(f"<0x{b:02X}>", -9.0) for b in range(256)]
    t = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=byte_fallback))
    charsmap = normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap)
    t.normalizer, t.pre_tokenizer = normalizer(charsmap), pre_tokenizer
    t.add_special_tokens(special(*names) + special(mask, lstrip=True))
    t.post_processor = around(names[0] if names[0] == "<s>" else names[1], names[2], t)
    return t


class LoadedDeberta:
    """What the converter asks of the slow tokenizer that transformers used to have."""
    do_lower_case, split_by_punct, add_prefix_space = False, False, True

    def __init__(self, path):
        self.vocab_file = str(path)

    def convert_tokens_to_ids(self, token):
        return {"[PAD]": 0, "[CLS]": 1, "[SEP]": 2, "[UNK]": 3}[token]


def deberta_file(folder):
    """A folder with an spm.model that has DeBERTa's special tokens, and one token that stands for itself."""
    names = {}
    for i, (name, piece) in enumerate([("pad", "[PAD]"), ("bos", "[CLS]"), ("eos", "[SEP]"), ("unk", "[UNK]")]):
        names |= {f"{name}_id": i, f"{name}_piece": piece}
    scratch = folder / "deberta"
    scratch.mkdir()
    sentencepiece_model(scratch, "unigram", 1000, character_coverage=0.998, user_defined_symbols=["Turnout"], **names)
    (scratch / "unigram.model").rename(scratch / "spm.model")
    return scratch / "spm.model"


def deberta_converted(path):
    from transformers.convert_slow_tokenizer import DebertaV2Converter

    t = DebertaV2Converter(LoadedDeberta(path)).converted()
    t.add_special_tokens(special("[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"))
    return t


def deberta_saved(path):
    from transformers import DebertaV2Tokenizer

    return DebertaV2Tokenizer.from_pretrained(str(path.parent)).backend_tokenizer


def llama(folder):
    proto = sentencepiece_model(folder, "bpe", 900, character_coverage=0.99, byte_fallback=True)
    ids = {p.piece: i for i, p in enumerate(proto.pieces)}
    merges = [(ids[p.piece], p.piece[:k], p.piece[k:]) for p in proto.pieces if p.type == 1
              for k in range(1, len(p.piece)) if p.piece[:k] in ids and p.piece[k:] in ids]
    t = Tokenizer(models.BPE(ids, [m[1:] for m in sorted(merges)], unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    t.add_special_tokens(special("<unk>", "<s>", "</s>"))
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 1)])
    return t


def gpt1():
    t = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    t.normalizer = normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(CORPUS[:100], trainers.BpeTrainer(
        vocab_size=700, special_tokens=special("<unk>"), end_of_word_suffix="</w>", show_progress=False))
    return t


def mixed():
    """Parts that no well-known tokenizer has together."""
    t = wordpiece(
        normalizers.Sequence([normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip(), normalizers.NFKD(),
                              normalizers.Lowercase(), normalizers.StripAccents(), normalizers.Nmt()]),
        pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True),
                                 pre_tokenizers.Split("_", "merged_with_previous"),
                                 pre_tokenizers.Split(Regex("[aeiou]{2,}"), "merged_with_next"),
                                 pre_tokenizers.Punctuation("contiguous")]),
        unknown="<unk>", prefix="@@", longest=12)
    t.add_tokens([AddedToken("Turnout", single_word=True, normalized=True), AddedToken("Python", rstrip=True, normalized=False),
                  AddedToken("ga lúc", lstrip=True, normalized=True)])
    t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    t.enable_truncation(12, direction="left")
    return t


def tokenizers_by_name(folder):
    metaspace, split = pre_tokenizers.Metaspace(), pre_tokenizers.WhitespaceSplit()
    yield "bert", wordpiece(normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer())
    yield "bert-cased", wordpiece(
        normalizers.BertNormalizer(lowercase=False), pre_tokenizers.BertPreTokenizer())
    yield "roberta", roberta()
    yield "modernbert", modernbert()
    yield "cl100k", cl100k()
    names = ["<s>", "<pad>", "</s>", "<unk>"]
    yield "xlm-roberta", unigram(folder, lambda m: m, pre_tokenizers.Sequence([split, metaspace]), names, "<mask>")
    yield "deberta-v3", unigram(
        folder, lambda m: normalizers.Sequence([normalizers.Strip(), m, normalizers.Replace(Regex(" {2,}"), " ")]),
        pre_tokenizers.Sequence([metaspace]), ["[PAD]", "[CLS]", "[SEP]", "[UNK]"], "[MASK]")
    quotes = [normalizers.Replace("``", '"'), normalizers.Replace("''", '"')]
    yield "albert", unigram(
        folder, lambda m: normalizers.Sequence(
            [*quotes, normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(), m]),
        pre_tokenizers.Metaspace(prepend_scheme="first", split=False), ["<pad>", "[CLS]", "[SEP]", "<unk>"], "[MASK]", True)
    yield "llama", llama(folder)
    yield "gpt1", gpt1()
    yield "mixed", mixed()


def numbers():
    """Numbers as a file writes them, and what the library reads: its parser is not exact in the last place."""
    chance = random.Random(7)
    texts = ["0", "-0.0", "1", "-12", "1e3", "2.5e-7", "123456789012345678901234567890", "0.1234567890123456789012345"]
    texts += [repr(-chance.random() * 20) for _ in range(80)] + [f"{-chance.random() * 20:.15f}" for _ in range(80)]
    pieces = ",".join(f'["p{i}",{t}]' for i, t in enumerate(texts))
    read = Tokenizer.from_str(f'{{"version":"1.0","added_tokens":[],"model":{{"type":"Unigram","unk_id":0,"vocab":[{pieces}]}}}}')
    return [[t, repr(p[1])] for t, p in zip(texts, json.loads(read.to_str())["model"]["vocab"])]


def main():
    default = Path(__file__).resolve().parent.parent / "Tests/TurnoutEncodersTests/Fixtures/tokenizers"
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    output.mkdir(parents=True, exist_ok=True)
    texts = AWKWARD + ENGLISH + VIETNAMESE + CODE + OTHERS + spliced(150)
    write = lambda name, value: (output / name).write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
    write("strings.json", texts)
    write("numbers.json", numbers())
    with tempfile.TemporaryDirectory() as scratch:
        file = deberta_file(Path(scratch))
        (output / "spm.model").write_bytes(file.read_bytes())
        made = [("spm", deberta_converted(file)), ("deberta-v3-saved", deberta_saved(file))]
        for name, tokenizer in itertools.chain(tokenizers_by_name(Path(scratch)), made):
            if name != "spm":
                write(f"{name}.json", json.loads(tokenizer.to_str()))
            side = (tokenizer.truncation or {"direction": "right"})["direction"]
            tokenizer.no_truncation()
            whole = [e.ids for e in tokenizer.encode_batch(texts)]
            tokenizer.enable_truncation(12, direction=side)
            write(f"{name}.ids.json", {"whole": whole, "cut": [e.ids for e in tokenizer.encode_batch(texts)]})
            print(name, len(tokenizer.to_str()), "bytes,", sum(map(len, whole)), "ids")


if __name__ == "__main__":
    main()

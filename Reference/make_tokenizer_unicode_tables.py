"""Writes Sources/CTurnoutDefaults/tokenizer_unicode_tables.c: what tokenizers described by a tokenizer.json ask of Unicode.

Everything is asked of the `tokenizers` library itself, one scalar at a time, so that ids never depend on the Unicode
version of the operating system: character classes as its regular expressions and its own predicates see them, lower
case, decompositions, compositions and combining classes. Only the classes of grapheme clusters, which the library does
not show, come from the `regex` module; where it can be seen what the library makes of
a scalar, the library decides.

usage: make_tokenizer_unicode_tables.py [OUTPUT]
"""
import struct
import sys
from pathlib import Path

import regex
import tokenizers
from tokenizers import Regex
from tokenizers.normalizers import NFC, NFD, NFKC, NFKD, BertNormalizer, Lowercase, Precompiled, Replace, StripAccents
from tokenizers.pre_tokenizers import Digits, Punctuation, Whitespace, WhitespaceSplit

from make_unicode_tables import array, combining_class, scalars, stages

BERT = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
clean = BertNormalizer(**{**BERT, "clean_text": True})
chinese = BertNormalizer(**{**BERT, "handle_chinese_chars": True})
accents = BertNormalizer(**{**BERT, "strip_accents": True})
lower, strip = Lowercase(), StripAccents()
nfc, nfd, nfkc, nfkd = NFC(), NFD(), NFKC(), NFKD()
letter, number, space = (Replace(Regex(p), "") for p in (r"\p{L}", r"\p{N}", r"\s"))
digits, punctuation, words, white = Digits(True), Punctuation(), Whitespace(), WhitespaceSplit()

FLAGS = ["white", "letter", "number", "space", "numeric", "punctuation", "word", "control", "mark", "accent", "chinese",
         "nfc", "nfd", "nfkc", "nfkd"]
BREAKS = ["Other", "CR", "LF", "Control", "Extend", "ZWJ", "Regional_Indicator", "Prepend", "SpacingMark", "L", "V", "T",
          "LV", "LVT"]
BREAK_SHIFT, PICTOGRAPHIC, CONJUNCT_SHIFT = 16, 20, 21


def members(pattern):
    every = "".join(map(chr, scalars()))
    return {m.group() for m in regex.finditer(pattern, every)}


def break_classes():
    """For each scalar its grapheme cluster class, whether it is pictographic, and its part in Indic conjuncts."""
    table = {}
    for number_, name in enumerate(BREAKS[1:], 1):
        for c in members(rf"\p{{Grapheme_Cluster_Break={name}}}"):
            table[c] = table.get(c, 0) | number_
    for c in members(r"\p{Extended_Pictographic}"):
        table[c] = table.get(c, 0) | 1 << PICTOGRAPHIC - BREAK_SHIFT
    for number_, name in enumerate(["Consonant", "Extend", "Linker"], 1):
        for c in members(rf"\p{{Indic_Conjunct_Break={name}}}"):
            table[c] = table.get(c, 0) | number_ << CONJUNCT_SHIFT - BREAK_SHIFT
    return table


def hangul(n):
    return 0xAC00 <= n <= 0xD7A3


def compositions():
    """All pairs that NFC makes one scalar of, Hangul aside."""
    found = []
    for n in scalars():
        c = chr(n)
        full = nfd.normalize_str(c)
        if hangul(n) or len(full) < 2 or nfc.normalize_str(full) != c:
            continue
        first, second = nfc.normalize_str(full[:-1]), full[-1]
        assert len(first) == 1 and nfc.normalize_str(first + second) == c, hex(n)
        found.append((ord(first), ord(second), n))
    return sorted(found)


def classes(pairs):
    seconds = {chr(b) for _, b, _ in pairs} | {chr(n) for n in [*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)]}
    breaks = break_classes()
    corrected = follow_the_library(breaks)
    print(f"grapheme classes of {len(corrected)} scalars corrected:", *map(hex, corrected))
    values = [0] * 0x110000
    orders = {}
    for n in scalars():
        c = chr(n)
        order = orders[n] = combining_class(c)
        beside_a = [p for p, _ in words.pre_tokenize_str("a" + c)]
        holds = {
            "white": len(white.pre_tokenize_str("a" + c + "b")) == 2,
            "letter": letter.normalize_str(c) == "",
            "number": number.normalize_str(c) == "",
            "space": space.normalize_str(c) == "",
            "numeric": len(digits.pre_tokenize_str("a" + c)) == 2,
            "punctuation": len(punctuation.pre_tokenize_str("a" + c)) == 2,
            "word": beside_a == ["a" + c],
            "control": clean.normalize_str(c) == "",
            "mark": accents.normalize_str(c) == "",
            "accent": strip.normalize_str("a" + c) == "a",
            "chinese": chinese.normalize_str(c) != c,
            "nfc": order == 0 and c not in seconds and nfc.normalize_str(c) == c,
            "nfd": order == 0 and nfd.normalize_str(c) == c,
            "nfkc": order == 0 and c not in seconds and nfkc.normalize_str(c) == c,
            "nfkd": order == 0 and nfkd.normalize_str(c) == c,
        }
        assert (beside_a == ["a"]) == holds["white"], hex(n)
        assert (clean.normalize_str(c) == " ") == (holds["white"] and not holds["control"]), hex(n)
        values[n] = sum(holds[f] << i for i, f in enumerate(FLAGS)) | breaks.get(c, 0) << BREAK_SHIFT
    return values, orders


def follow_the_library(breaks):
    """Corrects the classes of scalars that the library and `regex` know from different versions of Unicode.

    Asks whether a scalar belongs to the cluster of an "a" before it. Returns what it had to correct.
    """
    units = [0] * 1024  # A charsmap in which "a" becomes "X"; the library replaces the whole cluster.
    units[0], units[256 ^ 97], units[512] = 256 << 10, (512 ^ 256 ^ 97) << 10 | 1 << 8 | 97, 0
    charsmap = Precompiled(struct.pack("<I1024I", 4 * 1024, *units) + b"X\0")
    joining = {BREAKS.index(name) for name in ("Extend", "ZWJ", "SpacingMark")}
    corrected = []
    for n in scalars():
        c = chr(n)
        joined = charsmap.normalize_str("a" + c) == "X"
        if joined != (breaks.get(c, 0) & 15 in joining):
            breaks[c] = BREAKS.index("Extend") if joined else 0
            corrected.append(n)
    return corrected


class Pool:
    """Texts as one length byte and UTF-8; offset 0 means that a scalar stays as it is."""

    def __init__(self):
        self.bytes, self.offsets = bytearray([0]), {}

    def add(self, text):
        if text not in self.offsets:
            data = text.encode()
            self.offsets[text] = len(self.bytes)
            self.bytes += bytes([len(data)]) + data
        return self.offsets[text]


def mappings(orders):
    """Per scalar: combining class, canonical and compatibility decomposition, lower case; as a number of a record."""
    pool, records, values = Pool(), {(0, 0, 0, 0): 0}, [0] * 0x110000
    for n in scalars():
        c = chr(n)
        parts = [0, 0] if hangul(n) else [
            0 if m.normalize_str(c) == c else pool.add(m.normalize_str(c)) for m in (nfd, nfkd)]
        small = lower.normalize_str(c)
        record = (orders[n], *parts, 0 if small == c else pool.add(small))
        values[n] = records.setdefault(record, len(records))
    assert len(pool.bytes) < 65536 and len(records) < 65536
    return values, list(records), pool.bytes


def main():
    here = Path(__file__).resolve().parent
    default = here.parent / "Sources/CTurnoutDefaults/tokenizer_unicode_tables.c"
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    pairs = compositions()
    flags, orders = classes(pairs)
    distinct = sorted(set(flags))
    number_of = {v: i for i, v in enumerate(distinct)}
    assert len(distinct) < 256
    class1, class2 = stages([number_of[v] for v in flags])
    records_of, records, pool = mappings(orders)
    map1, map2 = stages(records_of)
    small = lambda v: "uint8_t" if max(v) < 256 else "uint16_t"
    text = (
        "// Generated by Reference/make_tokenizer_unicode_tables.py; do not edit.\n"
        f"// As in tokenizers {tokenizers.__version__}; grapheme cluster classes as in regex {regex.__version__}.\n"
        '#include "CTurnoutUnicode.h"\n\n'
        + "\n".join([
            array(small(class1), "turnout_text_stage1", class1),
            array("uint8_t", "turnout_text_stage2", class2),
            array("uint32_t", "turnout_text_flags", distinct),
            array(small(map1), "turnout_mapping_stage1", map1),
            array("uint16_t", "turnout_mapping_stage2", map2),
            array("uint8_t", "turnout_mapping_order", [r[0] for r in records]),
            array("uint16_t", "turnout_mapping_canonical", [r[1] for r in records]),
            array("uint16_t", "turnout_mapping_compatible", [r[2] for r in records]),
            array("uint16_t", "turnout_mapping_lower", [r[3] for r in records]),
            array("uint8_t", "turnout_mapping_bytes", list(pool)),
            f"const uint32_t turnout_compositions = {len(pairs)};\n",
            array("uint32_t", "turnout_composition_first", [p[0] for p in pairs]),
            array("uint32_t", "turnout_composition_second", [p[1] for p in pairs]),
            array("uint32_t", "turnout_composition_result", [p[2] for p in pairs]),
        ])
    )
    output.write_text(text)
    print(f"{output.name}: {len(text)} characters; {len(distinct)} classes in {len(class2) // 128} blocks ({small(class1)}); "
          f"{len(records)} mappings in {len(map2) // 128} blocks ({small(map1)}), {len(pool)} bytes of text; "
          f"{len(pairs)} compositions")


if __name__ == "__main__":
    main()

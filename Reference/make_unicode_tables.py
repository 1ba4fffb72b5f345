"""Writes Sources/CTurnoutDefaults/unicode_tables.c.

Two tables over all Unicode scalars:
- what BERT's uncased normaliser and pre-tokeniser make of a scalar, asked of the `tokenizers` library itself, one
  scalar at a time, so that ids never depend on the Unicode version of the operating system;
- which scalars count as digit, capital and white space in the surface features, asked of Python.

usage: make_unicode_tables.py [OUTPUT]
"""
import sys
import unicodedata
from pathlib import Path

import tokenizers
from tokenizers.normalizers import NFD, BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

BLOCK = 128
WORD, DELETED, SPACE, ISOLATED, BARRIER, HANGUL, NONSTARTER, REPLACED = 0, 1, 2, 3, 4, 5, 0x100, 0x200
PLAIN, ALONE, MIXED = 0, 1, 2

clean = BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
pad = BertNormalizer(clean_text=False, handle_chinese_chars=True, strip_accents=False, lowercase=False)
strip = BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
lower = BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=True)
full = BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=True, lowercase=True)
nfd, split = NFD(), BertPreTokenizer()


def scalars():
    yield from range(0xD800)
    yield from range(0xE000, 0x110000)


def probes():
    """One combining mark per combining class that occurs, by class."""
    found = {}
    for c in scalars():
        k = unicodedata.combining(chr(c))
        if k and k not in found and len(nfd.normalize_str(chr(c))) == 1:
            found[k] = chr(c)
    return dict(sorted(found.items()))


PROBES = probes()
LOW, HIGH = PROBES[min(PROBES)], PROBES[max(PROBES)]


def combining_class(c):
    """The class by which the library orders `c`, found by whether probes of known class change places with it."""
    def moves_before(a, b):  # `a` stands first; does `b` overtake it?
        return nfd.normalize_str("a" + a + b) == "a" + b + a

    if len(nfd.normalize_str(c)) != 1 or not (moves_before(c, LOW) or moves_before(HIGH, c)):
        return min(PROBES) if c == LOW else max(PROBES) if c == HIGH else 0
    above = [k for k, p in PROBES.items() if p != c and moves_before(c, p)]  # k < class of c
    below = [k for k, p in PROBES.items() if p != c and moves_before(p, c)]  # k > class of c
    between = [k for k in PROBES if k > max(above, default=0) and k < min(below, default=256)]
    return between[0] if between else max(above, default=0) + 1


def piece_class(c):
    pieces = [p for p, _ in split.pre_tokenize_str("a" + c + "a")]
    return {1: WORD, 2: SPACE, 3: ISOLATED}[len(pieces)]


def build():
    classes, records, pool, index = [DELETED] * 0x110000, [], bytearray(), {}
    stripped = {}

    def is_stripped(e):
        if e not in stripped:
            stripped[e] = strip.normalize_str(e) == ""
        return stripped[e]

    def record(text, shape):
        key = (text, shape)
        if key not in index:
            data = text.encode()
            at = pool.find(data)
            if at < 0:
                at = len(pool)
                pool.extend(data)
            index[key] = len(records)
            records.append((at, len(data), shape << 6 | len(text)))
        return REPLACED + index[key]

    for n in scalars():
        c = chr(n)
        cleaned = clean.normalize_str(c)
        if cleaned == "":
            continue
        if cleaned == " ":
            classes[n] = SPACE
            continue
        if 0xAC00 <= n <= 0xD7A3:
            classes[n] = HANGUL
            continue
        alone = pad.normalize_str(c) != c
        parts = list(nfd.normalize_str(c))
        kept = [p for p in parts if not is_stripped(p)]
        out = "".join(lower.normalize_str(p) for p in kept)
        if not kept:
            classes[n] = DELETED if all(combining_class(p) for p in parts) else BARRIER
        elif out == c:
            k = combining_class(c)
            kind = ISOLATED if alone else piece_class(c)
            assert kind != SPACE and not (k and kind != WORD), hex(n)
            classes[n] = NONSTARTER + k if k else kind
        else:
            kinds = [piece_class(o) for o in out]
            assert combining_class(parts[0]) == 0 and SPACE not in kinds, hex(n)
            assert all(lower.normalize_str(p) == p for p in kept if combining_class(p)), hex(n)
            if alone or kinds == [ISOLATED]:
                assert len(out) == 1, hex(n)
                classes[n] = record(out, ALONE)
            elif all(k == WORD for k in kinds) and not any(combining_class(p) for p in kept):
                classes[n] = record(out, PLAIN)
            else:
                classes[n] = record(out, MIXED)
    return classes, records, pool


def check(classes, records, pool):
    """What the tables say of each scalar alone is what the library says of it."""
    for n in scalars():
        want = [p for p, _ in split.pre_tokenize_str(full.normalize_str("x" + chr(n) + "y"))]
        k = classes[n]
        if k == HANGUL:
            continue
        if k >= REPLACED:
            at, size, shape = records[k - REPLACED]
            text = pool[at : at + size].decode()
            if shape >> 6 == MIXED:
                got = [""]
                for o in text:
                    if classes[ord(o)] == ISOLATED:
                        got += [o, ""]
                    else:
                        got[-1] += o
                got[0] = "x" + got[0]
                got[-1] += "y"
            else:
                got = ["x", text, "y"] if shape >> 6 == ALONE else ["x" + text + "y"]
        elif k == SPACE:
            got = ["x", "y"]
        elif k == ISOLATED:
            got = ["x", chr(n), "y"]
        else:
            got = ["xy"] if k in (DELETED, BARRIER) else ["x" + chr(n) + "y"]
        assert got == want, (hex(n), got, want)


def surface_class(c):
    return c.isdigit() | c.isupper() << 1 | c.isspace() << 2


def stages(values):
    """A two-stage table: a number per block of scalars, then the distinct blocks."""
    first, blocks = [], {}
    for i in range(0, len(values), BLOCK):
        first.append(blocks.setdefault(tuple(values[i : i + BLOCK]), len(blocks)))
    return first, [v for block in blocks for v in block]


def array(kind, name, values):
    lines, line = [], "   "
    for v in values:
        if len(line) + len(str(v)) + 2 > 118:
            lines.append(line)
            line = "   "
        line += f" {v},"
    body = "\n".join(lines + [line])
    return f"const {kind} {name}[{len(values)}] = {{\n{body}\n}};\n"


def main():
    here = Path(__file__).resolve().parent
    default = here.parent / "Sources/CTurnoutDefaults/unicode_tables.c"
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    classes, records, pool = build()
    check(classes, records, pool)
    bert1, bert2 = stages(classes)
    surface1, surface2 = stages([0 if 0xD800 <= n < 0xE000 else surface_class(chr(n)) for n in range(0x110000)])
    text = (
        "// Generated by Reference/make_unicode_tables.py; do not edit.\n"
        f"// BERT classes as in tokenizers {tokenizers.__version__}; surface classes as in Python's Unicode "
        f"{unicodedata.unidata_version}.\n"
        '#include "CTurnoutDefaults.h"\n\n'
        + "\n".join([
            array("uint8_t" if max(bert1) < 256 else "uint16_t", "turnout_bert_stage1", bert1),
            array("uint16_t", "turnout_bert_stage2", bert2),
            array("uint16_t", "turnout_bert_replacement_offset", [r[0] for r in records]),
            array("uint8_t", "turnout_bert_replacement_length", [r[1] for r in records]),
            array("uint8_t", "turnout_bert_replacement_shape", [r[2] for r in records]),
            array("uint8_t", "turnout_bert_replacement_bytes", list(pool)),
            array("uint8_t", "turnout_surface_stage1", surface1),
            array("uint8_t", "turnout_surface_stage2", surface2),
        ])
    )
    output.write_text(text)
    shapes = [sum(r[2] >> 6 == s for r in records) for s in (PLAIN, ALONE, MIXED)]
    print(f"{output.name}: {len(text)} characters, {len(bert2) // BLOCK}+{len(surface2) // BLOCK} blocks, "
          f"{len(records)} replacements (plain, alone, mixed: {shapes}), {len(pool)} bytes of them")
    kinds = {k: sum(v == k for v in classes) for k in range(6)}
    print("scalars by class:", kinds, "non-starters:", sum(0x100 <= v < 0x200 for v in classes))


if __name__ == "__main__":
    main()

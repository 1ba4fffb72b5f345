#ifndef CTURNOUT_UNICODE_H
#define CTURNOUT_UNICODE_H

#include <stdint.h>

// Tables of tokenizer_unicode_tables.c, for tokenizers described by a tokenizer.json. Each is read by way of the
// functions below; scalars must be below 0x110000.
extern const uint16_t turnout_text_stage1[];
extern const uint8_t turnout_text_stage2[];
extern const uint32_t turnout_text_flags[];
extern const uint8_t turnout_mapping_stage1[];
extern const uint16_t turnout_mapping_stage2[];
extern const uint8_t turnout_mapping_order[];
extern const uint16_t turnout_mapping_canonical[];
extern const uint16_t turnout_mapping_compatible[];
extern const uint16_t turnout_mapping_lower[];
extern const uint8_t turnout_mapping_bytes[];
extern const uint32_t turnout_compositions;
extern const uint32_t turnout_composition_first[];
extern const uint32_t turnout_composition_second[];
extern const uint32_t turnout_composition_result[];

// What a scalar is, by the predicates and regular expressions of the `tokenizers` library.
enum {
    TURNOUT_TEXT_WHITE = 1 << 0,         // char::is_whitespace
    TURNOUT_TEXT_LETTER = 1 << 1,        // \p{L}
    TURNOUT_TEXT_NUMBER = 1 << 2,        // \p{N}
    TURNOUT_TEXT_SPACE = 1 << 3,         // \s
    TURNOUT_TEXT_NUMERIC = 1 << 4,       // char::is_numeric
    TURNOUT_TEXT_PUNCTUATION = 1 << 5,   // ASCII punctuation or a category P
    TURNOUT_TEXT_WORD = 1 << 6,          // \w
    TURNOUT_TEXT_CONTROL = 1 << 7,       // deleted by BERT's cleaning
    TURNOUT_TEXT_MARK = 1 << 8,          // deleted by BERT's accent stripping
    TURNOUT_TEXT_ACCENT = 1 << 9,        // deleted by StripAccents
    TURNOUT_TEXT_CHINESE = 1 << 10,      // set apart by BERT's normaliser
    TURNOUT_TEXT_NFC_INERT = 1 << 11,    // NFC leaves it as it is, and nothing before it changes it
    TURNOUT_TEXT_NFD_INERT = 1 << 12,
    TURNOUT_TEXT_NFKC_INERT = 1 << 13,
    TURNOUT_TEXT_NFKD_INERT = 1 << 14,
    TURNOUT_TEXT_BREAK_SHIFT = 16,       // four bits: one of the classes below
    TURNOUT_TEXT_PICTOGRAPHIC = 1 << 20,
    TURNOUT_TEXT_CONJUNCT_SHIFT = 21,    // two bits: none, consonant, extend, linker
};

// Classes of grapheme clusters (Unicode Standard Annex #29, table 2).
enum {
    TURNOUT_BREAK_OTHER, TURNOUT_BREAK_CR, TURNOUT_BREAK_LF, TURNOUT_BREAK_CONTROL, TURNOUT_BREAK_EXTEND,
    TURNOUT_BREAK_ZWJ, TURNOUT_BREAK_REGIONAL, TURNOUT_BREAK_PREPEND, TURNOUT_BREAK_SPACING, TURNOUT_BREAK_L,
    TURNOUT_BREAK_V, TURNOUT_BREAK_T, TURNOUT_BREAK_LV, TURNOUT_BREAK_LVT,
};

// The flags of a scalar.
static inline uint32_t turnout_text_flags_of(uint32_t scalar) {
    return turnout_text_flags[turnout_text_stage2[(uint32_t)turnout_text_stage1[scalar >> 7] << 7 | (scalar & 127)]];
}

// The number of a scalar's mapping; 0 where it maps to itself and is of combining class 0.
static inline uint16_t turnout_mapping_of(uint32_t scalar) {
    return turnout_mapping_stage2[(uint32_t)turnout_mapping_stage1[scalar >> 7] << 7 | (scalar & 127)];
}

// A text of the tables: UTF-8, `length` bytes; `bytes` is null where a scalar maps to itself.
typedef struct {
    const uint8_t *bytes;
    uint32_t length;
} turnout_mapped_text;

static inline turnout_mapped_text turnout_mapping_text(uint16_t offset) {
    turnout_mapped_text found = {0, 0};
    if (offset != 0) {
        found.bytes = turnout_mapping_bytes + offset + 1;
        found.length = turnout_mapping_bytes[offset];
    }
    return found;
}

// The canonical combining class of a scalar.
static inline uint8_t turnout_combining_class(uint32_t scalar) {
    return turnout_mapping_order[turnout_mapping_of(scalar)];
}

// The full canonical decomposition of a scalar; Hangul syllables are not in it.
static inline turnout_mapped_text turnout_canonical(uint32_t scalar) {
    return turnout_mapping_text(turnout_mapping_canonical[turnout_mapping_of(scalar)]);
}

// The full compatibility decomposition of a scalar; Hangul syllables are not in it.
static inline turnout_mapped_text turnout_compatible(uint32_t scalar) {
    return turnout_mapping_text(turnout_mapping_compatible[turnout_mapping_of(scalar)]);
}

// The lower case of a scalar.
static inline turnout_mapped_text turnout_lower(uint32_t scalar) {
    return turnout_mapping_text(turnout_mapping_lower[turnout_mapping_of(scalar)]);
}

// The scalar that two others make in composition, Hangul aside; 0 where they make none.
static inline uint32_t turnout_composed(uint32_t first, uint32_t second) {
    uint32_t low = 0, high = turnout_compositions;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        uint32_t at = turnout_composition_first[middle];
        if (at < first || (at == first && turnout_composition_second[middle] < second)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    int found = low < turnout_compositions && turnout_composition_first[low] == first
        && turnout_composition_second[low] == second;
    return found ? turnout_composition_result[low] : 0;
}

#endif

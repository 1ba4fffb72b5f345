#ifndef CTURNOUT_DEFAULTS_H
#define CTURNOUT_DEFAULTS_H

#include <stddef.h>
#include <stdint.h>

#include "CTurnoutUnicode.h"

// A file that is part of the binary: `length` bytes at `start`, aligned to 64, alive for as long as the process.
// `length` is 0 where the file was empty when the binary was built.
typedef struct {
    const void *start;
    size_t length;
} turnout_embedded_file;

// static-encoder.safetensors: the token table of the static encoder.
turnout_embedded_file turnout_embedded_static_encoder(void);

// default-router.safetensors: the router used where none is named.
turnout_embedded_file turnout_embedded_default_router(void);

// catalogue.jsonl: prices, windows and abilities of models.
turnout_embedded_file turnout_embedded_catalogue(void);

// task-classifier.safetensors: tells which task a prompt asks for.
turnout_embedded_file turnout_embedded_task_classifier(void);

// Tables of unicode_tables.c. Each is read by way of the functions below.
extern const uint8_t turnout_bert_stage1[8704];
extern const uint16_t turnout_bert_stage2[];
extern const uint16_t turnout_bert_replacement_offset[];
extern const uint8_t turnout_bert_replacement_length[];
extern const uint8_t turnout_bert_replacement_shape[];
extern const uint8_t turnout_bert_replacement_bytes[];
extern const uint8_t turnout_surface_stage1[8704];
extern const uint8_t turnout_surface_stage2[];

// What BERT's uncased normaliser and pre-tokeniser make of a scalar: one of the values below, TURNOUT_BERT_NONSTARTER
// plus its combining class, or TURNOUT_BERT_REPLACED plus the number of its replacement.
enum {
    TURNOUT_BERT_WORD = 0,      // stays as it is, part of a word
    TURNOUT_BERT_DELETED = 1,   // leaves no trace
    TURNOUT_BERT_SPACE = 2,     // separates words
    TURNOUT_BERT_ISOLATED = 3,  // a word of its own
    TURNOUT_BERT_BARRIER = 4,   // is deleted, but marks before and after it do not change places
    TURNOUT_BERT_HANGUL = 5,    // a syllable, decomposed by arithmetic
    TURNOUT_BERT_NONSTARTER = 0x100,
    TURNOUT_BERT_REPLACED = 0x200,
};

// How a replacement is to be taken: as letters, as a word of its own, or scalar by scalar.
enum { TURNOUT_BERT_PLAIN = 0, TURNOUT_BERT_ALONE = 1, TURNOUT_BERT_MIXED = 2 };

typedef struct {
    const uint8_t *bytes;  // UTF-8
    uint8_t length;        // in bytes
    uint8_t scalars;       // in scalars
    uint8_t shape;         // TURNOUT_BERT_PLAIN, _ALONE or _MIXED
} turnout_bert_replacement;

// The class of a scalar below 0x110000.
static inline uint16_t turnout_bert_class(uint32_t scalar) {
    return turnout_bert_stage2[(uint32_t)turnout_bert_stage1[scalar >> 7] << 7 | (scalar & 127)];
}

// The replacement that belongs to a class of TURNOUT_BERT_REPLACED or more.
static inline turnout_bert_replacement turnout_bert_replacement_of(uint16_t scalar_class) {
    unsigned number = (unsigned)scalar_class - TURNOUT_BERT_REPLACED;
    uint8_t shape = turnout_bert_replacement_shape[number];
    turnout_bert_replacement found = {
        turnout_bert_replacement_bytes + turnout_bert_replacement_offset[number],
        turnout_bert_replacement_length[number],
        (uint8_t)(shape & 63),
        (uint8_t)(shape >> 6),
    };
    return found;
}

// Bits for the surface features of a scalar below 0x110000: 1 digit, 2 capital, 4 white space.
static inline uint8_t turnout_surface_class(uint32_t scalar) {
    return turnout_surface_stage2[(uint32_t)turnout_surface_stage1[scalar >> 7] << 7 | (scalar & 127)];
}

#endif

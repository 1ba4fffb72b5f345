// AVX-512: 32 registers of 16 floats. 14 x 2 sums, two registers of weights; x is broadcast by the multiply itself.
#if defined(__x86_64__)
#include <immintrin.h>
#define INSTRUCTIONS "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma"
#pragma clang attribute push(__attribute__((target(INSTRUCTIONS), min_vector_width(512))), apply_to = function)

#define LANES 16
#define TILE_ROWS 14
#define TILE_VECTORS 2
#define ADD_PAIRS add_pairs

#include "Vector.h"
#include "Elementwise.h"
#include "Tile.h"

// In assembly, because the compiler takes the instruction apart again (vpmaddwd, vpaddd), which halves the speed.
INLINE vec_i32 add_pairs(vec_i32 sums, vec_i32 x, vec_i32 w) {
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sums) : "v"(x), "v"(w));
    return sums;
}

#include "IntegerTile.h"
#include "Similarity.h"
#include "Block.h"
#include "Attention.h"
#include "Gradients.h"
#include "PositionGradients.h"
#include "AttentionGradients.h"

#pragma clang attribute pop

const turnout_kernels turnout_kernels_avx512 = {
    .name = "avx512",
    .tile_rows = TILE_ROWS,
    .tile_width = TILE_WIDTH,
    .pack = pack,
    .quantise = quantise,
    .linear = linear,
    .dot_bytes = dot_bytes,
    .activate = activate,
    .softmax = softmax,
    .layer_norm = layer_norm,
    .attend_head = attend_head,
    .attend_dropping_head = attend_dropping_head,
    .attend_backward_head = attend_backward_head,
    .activate_backward = activate_backward,
    .layer_norm_backward = layer_norm_backward,
    .add_columns = add_columns,
    .drop_out = drop_out,
    .adamw = adamw,
};
#endif

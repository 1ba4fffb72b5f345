// AVX2 with FMA: 16 registers of 8 floats. 6 x 2 sums, two registers of weights, one of x.
#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#define LANES 8
#define TILE_ROWS 6
#define TILE_VECTORS 2
#define ADD_PAIRS(sums, x, w) ((sums) + (vec_i32)_mm256_madd_epi16((__m256i)(x), (__m256i)(w)))

#include "Vector.h"
#include "Elementwise.h"
#include "Tile.h"
#include "IntegerTile.h"
#include "Similarity.h"
#include "Block.h"
#include "Attention.h"
#include "Gradients.h"
#include "PositionGradients.h"
#include "AttentionGradients.h"

#pragma clang attribute pop

const turnout_kernels turnout_kernels_avx2 = {
    .name = "avx2",
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

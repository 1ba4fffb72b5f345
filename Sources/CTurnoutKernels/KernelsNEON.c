// NEON: 32 registers of 4 floats. 6 x 4 sums, four registers of weights. Part of every 64-bit ARM processor.
#if defined(__aarch64__)

#define LANES 4
#define TILE_ROWS 6
#define TILE_VECTORS 4

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

const turnout_kernels turnout_kernels_neon = {
    .name = "neon",
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

// No instruction set assumed: the compiler makes of four lanes what the target has (SSE2 on any x86-64).

#define LANES 4
#define TILE_ROWS 4
#define TILE_VECTORS 2

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

const turnout_kernels turnout_kernels_portable = {
    .name = "portable",
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

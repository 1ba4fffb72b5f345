// Attention over many sequences: one task per sequence and head.
#include "KernelTable.h"

typedef struct division {
    const turnout_kernels *kernels;
    const turnout_attention *shape;
    const float *qkv;
    float *out, *scratch;
    ptrdiff_t scratch_stride;
} division;

static void run_task(void *context, ptrdiff_t task, ptrdiff_t worker) {
    const division *d = context;
    const ptrdiff_t heads = d->shape->heads;
    d->kernels->attend_head(
        d->shape, task / heads, task % heads, d->qkv, d->out, d->scratch + worker * d->scratch_stride);
}

ptrdiff_t turnout_attention_scratch(
    const turnout_kernels *kernels, ptrdiff_t longest, ptrdiff_t head_width, ptrdiff_t places
) {
    const ptrdiff_t tile = kernels->tile_width, queries = QUERY_TILES * kernels->tile_rows;
    const ptrdiff_t keys = (longest + tile - 1) / tile * tile, width = (head_width + tile - 1) / tile * tile;
    const ptrdiff_t positions = places > 0 ? (longest + queries) * position_stride(places, tile) : 0;
    return keys * head_width + longest * width + queries * (keys + width) + positions;
}

void turnout_attend(
    turnout_pool *pool, const turnout_kernels *kernels, const turnout_attention *shape, const float *qkv, float *out,
    float *scratch, ptrdiff_t scratch_stride
) {
    division d = {kernels, shape, qkv, out, scratch, scratch_stride};
    turnout_pool_run(pool, shape->sequences * shape->heads, run_task, &d);
}

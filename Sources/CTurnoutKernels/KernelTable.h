// What one instruction set offers: the seam between the portable code that divides work (`Linear.c`, `Attend.c`) and
// the kernels that are compiled once per instruction set.
#ifndef TURNOUT_KERNEL_TABLE_H
#define TURNOUT_KERNEL_TABLE_H

#include "CTurnoutKernels.h"

// Inputs that share a scale in int8 storage.
#define GROUP_INPUTS 64
// Tiles of queries whose scores are alive at once in attention.
#define QUERY_TILES 4

// The distance in floats from one row of products with positions to the next. A panel more than they need, since rows
// that lie a power of two apart would compete for the same few lines of the cache.
static inline ptrdiff_t position_stride(ptrdiff_t places, ptrdiff_t tile_width) {
    return ((places + tile_width - 1) / tile_width + 1) * tile_width;
}

struct turnout_packed {
    const turnout_kernels *kernels;
    int32_t storage;
    ptrdiff_t outputs, inputs;
    ptrdiff_t panels;       // of kernels->tile_width outputs each; the last is padded with zeros
    size_t panel_bytes;
    char *data;             // panels, 64-byte aligned
    float *bias;            // one per padded output
    float *scale;           // [panels, groups, tile_width]; NULL unless storage is int8
    ptrdiff_t groups;       // of GROUP_INPUTS inputs; 0 unless storage is int8
};

// The part of a linear layer that one task computes: some rows, some panels.
typedef struct turnout_block {
    ptrdiff_t first_row, end_row;
    ptrdiff_t first_panel, end_panel;
    int32_t activation;
    const float *x;
    ptrdiff_t x_stride;
    const int16_t *quantised;   // x in pairs of 16-bit integers and
    const float *row_scale;     // what each row of it is multiplied by, if weights are int8
    const float *residual;
    float *y;
    ptrdiff_t y_stride;
} turnout_block;

struct turnout_kernels {
    const char *name;
    ptrdiff_t tile_rows;    // rows of x that a tile multiplies at once
    ptrdiff_t tile_width;   // outputs of a tile, and of a panel
    void (*pack)(turnout_packed *, ptrdiff_t first, ptrdiff_t count, const float *weights);
    void (*quantise)(
        ptrdiff_t rows, ptrdiff_t inputs, const float *x, ptrdiff_t x_stride, int16_t *out, float *row_scale);
    void (*linear)(const turnout_packed *, const turnout_block *);
    void (*dot_bytes)(ptrdiff_t rows, ptrdiff_t width, const int8_t *m, const int16_t *x, int32_t *out);
    void (*activate)(int32_t activation, ptrdiff_t count, float *x);
    void (*softmax)(ptrdiff_t rows, ptrdiff_t width, ptrdiff_t stride, float scale, float *x);
    void (*layer_norm)(
        ptrdiff_t rows, ptrdiff_t width, const float *x, const float *gain, const float *shift, float epsilon,
        float *y);
    void (*attend_head)(
        const turnout_attention *, ptrdiff_t sequence, ptrdiff_t head, const float *qkv, float *out, float *scratch);
    // Learning.
    void (*attend_dropping_head)(
        const turnout_attention *, const turnout_dropout *, ptrdiff_t sequence, ptrdiff_t head, const float *qkv,
        float *out, float *scratch);
    void (*attend_backward_head)(
        const turnout_attention *, const turnout_dropout *, ptrdiff_t sequence, ptrdiff_t head, const float *qkv,
        const float *dout, float *dqkv, float *scratch);
    void (*activate_backward)(int32_t activation, ptrdiff_t count, const float *x, float *d);
    void (*layer_norm_backward)(
        ptrdiff_t rows, ptrdiff_t width, const float *x, const float *gain, float epsilon, const float *dy, float *dx,
        float *stats);
    void (*add_columns)(
        ptrdiff_t rows, ptrdiff_t width, ptrdiff_t first, ptrdiff_t end, const float *dy, const float *x,
        const float *stats, float *gain, float *shift);
    void (*drop_out)(const turnout_dropout *, uint64_t key, ptrdiff_t first, ptrdiff_t count, float *x);
    void (*adamw)(const turnout_adamw *, ptrdiff_t count, const float *g, float *w, float *m, float *v);
};

#endif

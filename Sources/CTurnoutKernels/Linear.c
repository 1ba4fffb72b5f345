// Linear layers: where packed weights live, and how one layer is divided among threads.
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "KernelTable.h"

// MARK: Packed weights

static size_t bytes_per_weight(int32_t storage) {
    switch (storage) {
        case TURNOUT_STORAGE_BFLOAT16: return 2;
        case TURNOUT_STORAGE_INT8: return 1;
        default: return 4;
    }
}

static ptrdiff_t pairs_of(ptrdiff_t inputs) { return (inputs + 1) / 2; }

static size_t panel_data_bytes(const turnout_packed *w) { return (size_t)w->panels * w->panel_bytes; }

// Zeroed memory for panels. A small batch is bound by reading the weights once, in order; large pages, where they are
// filled nearly to the end, spare it a page walk every 4 KiB.
static char *allocate_panels(size_t bytes) {
    void *data = NULL;
    size_t alignment = 64;
#if defined(__linux__)
    const size_t large_page = (size_t)1 << 21;
    const size_t large_bytes = (bytes + large_page / 4) / large_page * large_page;
    if (large_bytes > 0) alignment = large_page;
    if (bytes < large_bytes) bytes = large_bytes;
#endif
    if (posix_memalign(&data, alignment, bytes > 0 ? bytes : alignment) != 0) return NULL;
#if defined(__linux__)
    if (large_bytes > 0) madvise(data, large_bytes, MADV_HUGEPAGE);
#endif
    memset(data, 0, bytes);
    return data;
}

turnout_packed *turnout_packed_create(
    const turnout_kernels *kernels, int32_t storage, ptrdiff_t outputs, ptrdiff_t inputs
) {
    turnout_packed *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    w->kernels = kernels;
    w->storage = storage;
    w->outputs = outputs;
    w->inputs = inputs;
    w->panels = (outputs + kernels->tile_width - 1) / kernels->tile_width;
    const ptrdiff_t padded_inputs = storage == TURNOUT_STORAGE_INT8 ? pairs_of(inputs) * 2 : inputs;
    w->panel_bytes = (size_t)(kernels->tile_width * padded_inputs) * bytes_per_weight(storage);
    const size_t padded = (size_t)(w->panels * kernels->tile_width);
    w->data = allocate_panels(panel_data_bytes(w));
    w->bias = calloc(padded ? padded : 1, sizeof(float));
    w->groups = storage == TURNOUT_STORAGE_INT8 ? (inputs + GROUP_INPUTS - 1) / GROUP_INPUTS : 0;
    w->scale = w->groups > 0 ? calloc(padded * (size_t)w->groups, sizeof(float)) : NULL;
    if (!w->data || !w->bias || (w->groups > 0 && !w->scale)) {
        turnout_packed_free(w);
        return NULL;
    }
    return w;
}

void turnout_packed_free(turnout_packed *w) {
    if (!w) return;
    free(w->data);
    free(w->bias);
    free(w->scale);
    free(w);
}

void turnout_packed_set(
    turnout_packed *w, ptrdiff_t first, ptrdiff_t count, const float *weights, const float *bias
) {
    w->kernels->pack(w, first, count, weights);
    if (bias) memcpy(w->bias + first, bias, (size_t)count * sizeof(float));
}

// MARK: Dividing a layer

// Rows of x that stay in the second-level cache while every panel passes by.
static const ptrdiff_t cached_bytes = 256 * 1024;
// Multiply-adds that are worth handing to another thread: about five microseconds.
static const ptrdiff_t smallest_task = 256 * 1024;

typedef struct division {
    const turnout_packed *weights;
    turnout_block whole;            // the layer as if it were one block
    ptrdiff_t rows, rows_per_task;
    ptrdiff_t panels_per_task, panel_tasks;
    int16_t *quantised;
    float *row_scale;
} division;

static ptrdiff_t divided_up(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }

static ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

static void multiply_task(void *context, ptrdiff_t task, ptrdiff_t worker) {
    (void)worker;
    const division *d = context;
    const ptrdiff_t row = task / d->panel_tasks * d->rows_per_task;
    const ptrdiff_t panel = task % d->panel_tasks * d->panels_per_task;
    turnout_block block = d->whole;
    block.first_row = row;
    block.end_row = smaller(d->rows, row + d->rows_per_task);
    block.first_panel = panel;
    block.end_panel = smaller(d->weights->panels, panel + d->panels_per_task);
    d->weights->kernels->linear(d->weights, &block);
}

// Rows are rounded in groups of this many.
static const ptrdiff_t rows_quantised_at_once = 16;

static void quantise_task(void *context, ptrdiff_t task, ptrdiff_t worker) {
    (void)worker;
    const division *d = context;
    const ptrdiff_t row = task * rows_quantised_at_once, inputs = d->weights->inputs;
    d->weights->kernels->quantise(
        smaller(d->rows - row, rows_quantised_at_once), inputs, d->whole.x + row * d->whole.x_stride, d->whole.x_stride,
        d->quantised + row * pairs_of(inputs) * 2, d->row_scale + row);
}

size_t turnout_linear_scratch(const turnout_packed *w, ptrdiff_t rows) {
    if (w->storage != TURNOUT_STORAGE_INT8) return 0;
    return (size_t)rows * (sizeof(float) + (size_t)pairs_of(w->inputs) * sizeof(int32_t));
}

// The blocks of a layer: rows such that their part of x stays in the cache, panels such that every thread has a few
// tasks, each worth its handing over. The division never changes a result.
static void divide(division *d, ptrdiff_t threads) {
    const turnout_packed *w = d->weights;
    const ptrdiff_t tile_rows = w->kernels->tile_rows, row_bytes = w->inputs * (ptrdiff_t)sizeof(float);
    const ptrdiff_t cached_tiles = row_bytes ? cached_bytes / (row_bytes * tile_rows) : 1;
    d->rows_per_task = tile_rows * (cached_tiles > 1 ? cached_tiles : 1);
    d->rows_per_task = divided_up(d->rows, divided_up(d->rows, d->rows_per_task));
    const ptrdiff_t row_tasks = divided_up(d->rows, d->rows_per_task);

    const ptrdiff_t wanted = threads > 1 ? divided_up(4 * threads, row_tasks) : 1;
    const ptrdiff_t panel_work = d->rows_per_task * w->inputs * w->kernels->tile_width;
    const ptrdiff_t worthwhile = panel_work ? divided_up(smallest_task, panel_work) : w->panels;
    d->panels_per_task = divided_up(w->panels, wanted);
    if (d->panels_per_task < worthwhile) d->panels_per_task = smaller(worthwhile, w->panels);
    d->panel_tasks = divided_up(w->panels, d->panels_per_task);
}

void turnout_linear(
    turnout_pool *pool, const turnout_packed *w, int32_t activation, ptrdiff_t rows, const float *x,
    ptrdiff_t x_stride, const float *residual, float *y, ptrdiff_t y_stride, void *scratch
) {
    if (rows <= 0 || w->outputs <= 0) return;
    division d = {
        .weights = w,
        .rows = rows,
        .whole = {
            .activation = activation, .x = x, .x_stride = x_stride, .residual = residual, .y = y, .y_stride = y_stride,
        },
    };
    if (w->storage == TURNOUT_STORAGE_INT8) {
        d.whole.row_scale = d.row_scale = scratch;
        d.whole.quantised = d.quantised = (int16_t *)(void *)(d.row_scale + rows);
        turnout_pool_run(pool, divided_up(rows, rows_quantised_at_once), quantise_task, &d);
    }
    divide(&d, turnout_pool_threads(pool));
    turnout_pool_run(pool, divided_up(rows, d.rows_per_task) * d.panel_tasks, multiply_task, &d);
}

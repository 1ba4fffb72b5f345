// Products whose right-hand side is new each time: it is packed into panels on the way, which costs one pass over it,
// and then multiplied like the weights of a linear layer.
#include <string.h>

#include "KernelTable.h"

static ptrdiff_t divided_up(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }

typedef struct packing_job {
    const turnout_product *product;
    ptrdiff_t tile;
    float *panels;
} packing_job;

// Panel p: for each inner index, the tile's columns side by side; columns beyond the last are zero.
static void pack_panel(void *context, ptrdiff_t p, ptrdiff_t worker) {
    (void)worker;
    const packing_job *job = context;
    const ptrdiff_t inner = job->product->inner, columns = job->product->columns, tile = job->tile;
    const ptrdiff_t first = p * tile, count = columns - first < tile ? columns - first : tile;
    const float *b = job->product->b;
    float *panel = job->panels + p * inner * tile;
    if (count < tile) memset(panel, 0, (size_t)(inner * tile) * sizeof(float));
    if (!job->product->b_is_transposed) {
        for (ptrdiff_t i = 0; i < inner; i++) {
            memcpy(panel + i * tile, b + i * columns + first, (size_t)count * sizeof(float));
        }
    } else {
        for (ptrdiff_t c = 0; c < count; c++) {
            const float *row = b + (first + c) * inner;
            for (ptrdiff_t i = 0; i < inner; i++) panel[i * tile + c] = row[i];
        }
    }
}

ptrdiff_t turnout_product_scratch(const turnout_kernels *kernels, ptrdiff_t inner, ptrdiff_t columns) {
    const ptrdiff_t padded = divided_up(columns, kernels->tile_width) * kernels->tile_width;
    return padded * (inner + 1);
}

void turnout_multiply(
    turnout_pool *pool, const turnout_kernels *kernels, const turnout_product *product, float *scratch
) {
    const ptrdiff_t tile = kernels->tile_width, panels = divided_up(product->columns, tile);
    float *bias = scratch + panels * tile * product->inner;
    packing_job job = {product, tile, scratch};
    turnout_pool_run(pool, panels, pack_panel, &job);
    memset(bias, 0, (size_t)(panels * tile) * sizeof(float));
    if (product->bias) memcpy(bias, product->bias, (size_t)product->columns * sizeof(float));
    const turnout_packed packed = {
        .kernels = kernels,
        .storage = TURNOUT_STORAGE_FLOAT32,
        .outputs = product->columns,
        .inputs = product->inner,
        .panels = panels,
        .panel_bytes = (size_t)(product->inner * tile) * sizeof(float),
        .data = (char *)scratch,
        .bias = bias,
    };
    turnout_linear(
        pool, &packed, TURNOUT_ACTIVATION_NONE, product->rows, product->a, product->inner,
        product->adds ? product->y : NULL, product->y, product->columns, NULL);
}

typedef struct turning_job {
    ptrdiff_t rows, columns;
    const float *x;
    float *y;
} turning_job;

// Columns that one task turns into rows: a cache line of x.
static const ptrdiff_t columns_per_task = 16;

static void turn_columns(void *context, ptrdiff_t task, ptrdiff_t worker) {
    (void)worker;
    const turning_job *job = context;
    const ptrdiff_t first = task * columns_per_task;
    const ptrdiff_t end = first + columns_per_task < job->columns ? first + columns_per_task : job->columns;
    for (ptrdiff_t r = 0; r < job->rows; r++) {
        for (ptrdiff_t c = first; c < end; c++) job->y[c * job->rows + r] = job->x[r * job->columns + c];
    }
}

void turnout_transpose(turnout_pool *pool, ptrdiff_t rows, ptrdiff_t columns, const float *x, float *y) {
    turning_job job = {rows, columns, x, y};
    turnout_pool_run(pool, divided_up(columns, columns_per_task), turn_columns, &job);
}

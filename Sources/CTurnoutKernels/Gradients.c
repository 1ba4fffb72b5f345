// What learning needs beside inference: rows and columns divided among threads. The division never changes a result.
#include "KernelTable.h"

// Rows, or columns, that one task takes.
static const ptrdiff_t rows_per_task = 16, columns_per_task = 64;
// Elements that one task takes where there are no rows.
static const ptrdiff_t elements_per_task = 1 << 15;

static ptrdiff_t divided_up(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }

static ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

// MARK: Activations and layer norm

typedef struct activation_job {
    const turnout_kernels *kernels;
    int32_t activation;
    ptrdiff_t count;
    const float *x;
    float *d;
} activation_job;

static void run_activation(void *context, ptrdiff_t task, ptrdiff_t worker) {
    (void)worker;
    const activation_job *job = context;
    const ptrdiff_t first = task * elements_per_task;
    job->kernels->activate_backward(
        job->activation, smaller(elements_per_task, job->count - first), job->x + first, job->d + first);
}

void turnout_activate_backward(
    turnout_pool *pool, const turnout_kernels *kernels, int32_t activation, ptrdiff_t count, const float *x, float *d
) {
    activation_job job = {kernels, activation, count, x, d};
    turnout_pool_run(pool, divided_up(count, elements_per_task), run_activation, &job);
}

typedef struct norm_job {
    const turnout_kernels *kernels;
    ptrdiff_t rows, width;
    const float *x, *gain, *dy;
    float epsilon, *dx, *stats, *dgain, *dshift;
} norm_job;

static void run_norm_rows(void *context, ptrdiff_t task, ptrdiff_t worker) {
    (void)worker;
    const norm_job *job = context;
    const ptrdiff_t first = task * rows_per_task, at = first * job->width;
    job->kernels->layer_norm_backward(
        smaller(rows_per_task, job->rows - first), job->width, job->x + at, job->gain, job->epsilon, job->dy + at,
        job->dx + at, job->stats + 2 * first);
}

static void run_columns(void *context, ptrdiff_t task, ptrdiff_t worker) {
    (void)worker;
    const norm_job *job = context;
    const ptrdiff_t first = task * columns_per_task;
    job->kernels->add_columns(
        job->rows, job->width, first, smaller(job->width, first + columns_per_task), job->dy, job->x, job->stats,
        job->dgain, job->dshift);
}

void turnout_layer_norm_backward(
    turnout_pool *pool, const turnout_kernels *kernels, ptrdiff_t rows, ptrdiff_t width, const float *x,
    const float *gain, float epsilon, const float *dy, float *dx, float *dgain, float *dshift, float *scratch
) {
    norm_job job = {kernels, rows, width, x, gain, dy, epsilon, dx, scratch, dgain, dshift};
    turnout_pool_run(pool, divided_up(rows, rows_per_task), run_norm_rows, &job);
    turnout_pool_run(pool, divided_up(width, columns_per_task), run_columns, &job);
}

void turnout_add_rows(
    turnout_pool *pool, const turnout_kernels *kernels, ptrdiff_t rows, ptrdiff_t width, const float *x, float *sum
) {
    norm_job job = {.kernels = kernels, .rows = rows, .width = width, .dy = x, .dshift = sum};
    turnout_pool_run(pool, divided_up(width, columns_per_task), run_columns, &job);
}

// MARK: Dropout

typedef struct dropout_job {
    const turnout_kernels *kernels;
    const turnout_dropout *drop;
    ptrdiff_t count;
    float *x;
} dropout_job;

static void run_dropout(void *context, ptrdiff_t task, ptrdiff_t worker) {
    (void)worker;
    const dropout_job *job = context;
    const ptrdiff_t first = task * elements_per_task;
    job->kernels->drop_out(
        job->drop, job->drop->key, first, smaller(elements_per_task, job->count - first), job->x + first);
}

void turnout_drop_out(
    turnout_pool *pool, const turnout_kernels *kernels, const turnout_dropout *drop, ptrdiff_t count, float *x
) {
    if (drop->threshold == 0) return;
    dropout_job job = {kernels, drop, count, x};
    turnout_pool_run(pool, divided_up(count, elements_per_task), run_dropout, &job);
}

// MARK: Attention

typedef struct attention_job {
    const turnout_kernels *kernels;
    const turnout_attention *shape;
    const turnout_dropout *drop;
    const float *qkv, *dout;
    float *out, *scratch;
    ptrdiff_t scratch_stride;
} attention_job;

static void run_forward(void *context, ptrdiff_t task, ptrdiff_t worker) {
    const attention_job *job = context;
    const ptrdiff_t heads = job->shape->heads;
    job->kernels->attend_dropping_head(
        job->shape, job->drop, task / heads, task % heads, job->qkv, job->out,
        job->scratch + worker * job->scratch_stride);
}

static void run_backward(void *context, ptrdiff_t task, ptrdiff_t worker) {
    const attention_job *job = context;
    const ptrdiff_t heads = job->shape->heads;
    job->kernels->attend_backward_head(
        job->shape, job->drop, task / heads, task % heads, job->qkv, job->dout, job->out,
        job->scratch + worker * job->scratch_stride);
}

static ptrdiff_t larger(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }

// Of places a text meets one for each distance at most.
static ptrdiff_t place_scratch(ptrdiff_t tile, ptrdiff_t longest, ptrdiff_t head_width, ptrdiff_t places) {
    const ptrdiff_t met = smaller(places, 2 * longest - 1), width = divided_up(head_width, tile) * tile;
    const ptrdiff_t padded = divided_up(met, tile) * tile, rows = larger(longest, met) * width;
    return longest * padded + met * divided_up(longest, tile) * tile + rows + larger(rows, padded * head_width);
}

ptrdiff_t turnout_attend_backward_scratch(
    const turnout_kernels *kernels, ptrdiff_t longest, ptrdiff_t head_width, ptrdiff_t places
) {
    const ptrdiff_t tile = kernels->tile_width;
    const ptrdiff_t keys = divided_up(longest, tile) * tile, width = divided_up(head_width, tile) * tile;
    return 3 * longest * keys + longest * width + larger(keys * head_width, longest * width)
        + (places > 0 ? place_scratch(tile, longest, head_width, places) : 0);
}

// All texts of one head: they share the gradients of its vectors of positions, and add to them in their order.
static void run_backward_of_head(void *context, ptrdiff_t head, ptrdiff_t worker) {
    const attention_job *job = context;
    for (ptrdiff_t s = 0; s < job->shape->sequences; s++) run_backward(context, s * job->shape->heads + head, worker);
}

void turnout_attend_dropping(
    turnout_pool *pool, const turnout_kernels *kernels, const turnout_attention *shape, const turnout_dropout *drop,
    const float *qkv, float *out, float *scratch, ptrdiff_t scratch_stride
) {
    attention_job job = {kernels, shape, drop, qkv, NULL, out, scratch, scratch_stride};
    turnout_pool_run(pool, shape->sequences * shape->heads, run_forward, &job);
}

void turnout_attend_backward(
    turnout_pool *pool, const turnout_kernels *kernels, const turnout_attention *shape, const turnout_dropout *drop,
    const float *qkv, const float *dout, float *dqkv, float *scratch, ptrdiff_t scratch_stride
) {
    attention_job job = {kernels, shape, drop, qkv, dout, dqkv, scratch, scratch_stride};
    if (shape->vectors) {
        turnout_pool_run(pool, shape->heads, run_backward_of_head, &job);
    } else {
        turnout_pool_run(pool, shape->sequences * shape->heads, run_backward, &job);
    }
}

// MARK: AdamW

typedef struct adamw_job {
    const turnout_kernels *kernels;
    const turnout_adamw *step;
    ptrdiff_t count;
    const float *g;
    float *w, *m, *v;
} adamw_job;

static void run_adamw(void *context, ptrdiff_t task, ptrdiff_t worker) {
    (void)worker;
    const adamw_job *job = context;
    const ptrdiff_t first = task * elements_per_task;
    job->kernels->adamw(
        job->step, smaller(elements_per_task, job->count - first), job->g + first, job->w + first, job->m + first,
        job->v + first);
}

void turnout_adamw_step(
    turnout_pool *pool, const turnout_kernels *kernels, const turnout_adamw *step, ptrdiff_t count, const float *g,
    float *w, float *m, float *v
) {
    adamw_job job = {kernels, step, count, g, w, m, v};
    turnout_pool_run(pool, divided_up(count, elements_per_task), run_adamw, &job);
}

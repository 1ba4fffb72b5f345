/// Dense kernels for transformers, for inference and for learning: what Swift cannot yet say to the vector units.
///
/// Every kernel exists once, in generic vector C (`Vector.h`, `Tile.h`, `Elementwise.h`, `Attention.h`), and is
/// compiled once per instruction set (`KernelsAVX512.c`, …). The processor is asked once which of them it can run;
/// no compiler flags are needed. Naive versions in Swift (`NaiveKernels`) are their oracles.
///
/// Matrices are row-major 32-bit floats unless said otherwise; a "stride" is the distance in floats between the
/// first elements of two rows. Each output element is summed in one fixed order whatever the thread count, the
/// batch around it or its place in the batch: the same row gives the same bits.
#ifndef CTURNOUT_KERNELS_H
#define CTURNOUT_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// MARK: Instruction sets

/// An instruction set for which kernels may have been compiled.
enum {
    TURNOUT_ISA_PORTABLE = 0,
    TURNOUT_ISA_NEON = 1,
    TURNOUT_ISA_AVX2 = 2,
    TURNOUT_ISA_AVX512 = 3,
};

/// The kernels for one instruction set.
typedef struct turnout_kernels turnout_kernels;

/// The fastest kernels that this processor runs; never NULL.
const turnout_kernels *turnout_kernels_best(void);
/// The kernels for one instruction set, or NULL if this processor or build has none.
const turnout_kernels *turnout_kernels_for(int32_t isa);
/// `portable`, `neon`, `avx2` or `avx512`.
const char *turnout_kernels_name(const turnout_kernels *kernels);

// MARK: Threads

/// A fixed set of threads that run one parallel loop at a time, and sleep when there is none.
typedef struct turnout_pool turnout_pool;

/// One iteration of a parallel loop. `worker` is 0 for the calling thread, less than the pool's thread count, and
/// never the same for two iterations of one loop at the same time: the loop's scratch memory may be indexed by it.
typedef void (*turnout_task)(void *context, ptrdiff_t task, ptrdiff_t worker);

/// Starts `threads - 1` threads (the caller is the last one). NULL if the system refuses.
turnout_pool *turnout_pool_create(ptrdiff_t threads);
/// Ends the threads. No loop may be running.
void turnout_pool_destroy(turnout_pool *pool);
/// The number of threads that take part, the caller included; 1 for NULL.
ptrdiff_t turnout_pool_threads(const turnout_pool *pool);
/// How many of the pool's threads sleep at this moment.
ptrdiff_t turnout_pool_sleepers(turnout_pool *pool);
/// Calls `body` for each of `tasks` indices and returns when all have returned.
///
/// Safe from any number of threads and from within a task: a caller that finds the pool busy runs its own loop
/// alone, so nobody ever waits for a stranger's work. NULL runs the loop on the caller.
void turnout_pool_run(turnout_pool *pool, ptrdiff_t tasks, turnout_task body, void *context);

// MARK: Linear layers

/// How weights are kept in memory.
enum {
    /// 32-bit floats.
    TURNOUT_STORAGE_FLOAT32 = 0,
    /// The upper 16 bits of a float, rounded to nearest even.
    TURNOUT_STORAGE_BFLOAT16 = 1,
    /// Signed bytes with one scale per output and 64 inputs; rows of x are rounded to 16-bit integers on their way in,
    /// and the products of 64 inputs are summed exactly.
    TURNOUT_STORAGE_INT8 = 2,
};

/// What is applied to each output of a linear layer.
enum {
    TURNOUT_ACTIVATION_NONE = 0,
    /// x·Φ(x), by erf.
    TURNOUT_ACTIVATION_GELU = 1,
    /// The tanh approximation of GELU.
    TURNOUT_ACTIVATION_GELU_TANH = 2,
    TURNOUT_ACTIVATION_RELU = 3,
    TURNOUT_ACTIVATION_TANH = 4,
};

/// The weights and bias of y = x·Wᵀ + b, rearranged into the panels that one instruction set reads in order.
typedef struct turnout_packed turnout_packed;

/// Room for `outputs` x `inputs` weights, all zero. NULL if there is no memory.
turnout_packed *turnout_packed_create(
    const turnout_kernels *kernels, int32_t storage, ptrdiff_t outputs, ptrdiff_t inputs);
/// Frees what `turnout_packed_create` made.
void turnout_packed_free(turnout_packed *packed);
/// Sets the weights of `count` outputs from `first` on: `weights` is `[count, inputs]`; `bias` has `count`
/// elements, or is NULL for zero.
void turnout_packed_set(
    turnout_packed *packed, ptrdiff_t first, ptrdiff_t count, const float *weights, const float *bias);

/// y = activation(x·Wᵀ + b) + residual.
///
/// `x` is `[rows, inputs]` with stride `x_stride`; `y` and, unless NULL, `residual` are `[rows, outputs]` with stride
/// `y_stride`. `y` may be `residual` itself, but must not overlap `x`. `scratch` holds `turnout_linear_scratch` bytes,
/// aligned to 4; it may be NULL if that is 0. `pool` may be NULL: one thread then.
void turnout_linear(
    turnout_pool *pool, const turnout_packed *packed, int32_t activation, ptrdiff_t rows, const float *x,
    ptrdiff_t x_stride, const float *residual, float *y, ptrdiff_t y_stride, void *scratch);
/// Bytes of scratch memory that `turnout_linear` needs for `rows` rows; 0 unless weights are int8.
size_t turnout_linear_scratch(const turnout_packed *packed, ptrdiff_t rows);

// MARK: Row-wise kernels

/// Applies an activation to `count` elements in place.
void turnout_activate(const turnout_kernels *kernels, int32_t activation, ptrdiff_t count, float *x);
/// Each row of `[rows, width]` becomes exp(scale·x) divided by its sum. In place.
void turnout_softmax(
    const turnout_kernels *kernels, ptrdiff_t rows, ptrdiff_t width, ptrdiff_t stride, float scale, float *x);
/// (x - mean)/sqrt(variance + epsilon)·gain + shift for each row of `[rows, width]`. `y` may be `x`; `shift` may be
/// NULL for none.
void turnout_layer_norm(
    const turnout_kernels *kernels, ptrdiff_t rows, ptrdiff_t width, const float *x, const float *gain,
    const float *shift, float epsilon, float *y);

// MARK: Similarity

/// Zeros that must stand behind x in `turnout_dot_bytes`.
#define TURNOUT_DOT_PADDING 32

/// out[r] = sum over i of m[r, i]·x[i], exactly. `m` is `[rows, width]` with a width of at least 1, and |x| times the
/// longest row of m must be below 2^31. x is `width` numbers, then `TURNOUT_DOT_PADDING` zeros.
void turnout_dot_bytes(
    const turnout_kernels *kernels, ptrdiff_t rows, ptrdiff_t width, const int8_t *m, const int16_t *x, int32_t *out);

// MARK: Attention

/// Vectors for the distances between tokens, as one layer sees them.
///
/// A score then is q·k, plus q·(key vector of the distance), plus k·(query vector of the distance).
typedef struct turnout_positions {
    /// places[query - key] is the place of a distance's vectors, from -(longest - 1) to longest - 1. It never falls.
    const int32_t *places;
    /// How many places there are.
    ptrdiff_t count;
    /// For each head the key vectors, `count` x `head_width` as 32-bit floats; NULL for none.
    const turnout_packed *const *keys;
    /// For each head the query vectors, likewise.
    const turnout_packed *const *queries;
} turnout_positions;

/// The same while they are learnt: the vectors where they lie, and their gradients.
typedef struct turnout_position_vectors {
    /// As in `turnout_positions`.
    const int32_t *places;
    /// Key and query vectors, `[places, heads·head_width]` with this stride; NULL for none.
    const float *keys, *queries;
    ptrdiff_t stride;
    /// Where their gradients are added, likewise; only the way back reads it.
    float *dkeys, *dqueries;
} turnout_position_vectors;

/// Self-attention over sequences of different lengths laid end to end; nothing is padded.
typedef struct turnout_attention {
    /// The number of sequences.
    ptrdiff_t sequences;
    /// `sequences + 1` row numbers: sequence s is rows offsets[s] ..< offsets[s + 1].
    const int32_t *offsets;
    /// The number of heads.
    ptrdiff_t heads;
    /// The width of one head.
    ptrdiff_t head_width;
    /// What scores are multiplied by before the softmax, as a rule 1/sqrt(head_width).
    float scale;
    /// NULL where only what tokens say counts, not how far apart they are.
    const turnout_positions *positions;
    /// What takes the place of `positions` in the functions for learning.
    const turnout_position_vectors *vectors;
} turnout_attention;

/// Floats of scratch memory that one thread needs for sequences up to `longest` rows, `places` as in the positions
/// (0 without them).
ptrdiff_t turnout_attention_scratch(
    const turnout_kernels *kernels, ptrdiff_t longest, ptrdiff_t head_width, ptrdiff_t places);
/// softmax(scale·Q·Kᵀ)·V for each sequence and head.
///
/// `qkv` is `[rows, 3·heads·head_width]`: all queries, all keys, all values of a row in turn. `out` is
/// `[rows, heads·head_width]`. `scratch` holds `scratch_stride` floats for each thread of the pool.
void turnout_attend(
    turnout_pool *pool, const turnout_kernels *kernels, const turnout_attention *shape, const float *qkv, float *out,
    float *scratch, ptrdiff_t scratch_stride);

// MARK: Learning

/// A product of matrices that change from call to call, y = a·b + bias; everything is dense.
typedef struct turnout_product {
    ptrdiff_t rows, inner, columns;
    /// `[rows, inner]`.
    const float *a;
    /// `[inner, columns]`, or `[columns, inner]` where it is said to be transposed.
    const float *b;
    bool b_is_transposed;
    /// One for each column, or NULL.
    const float *bias;
    /// Whether the product is added to what y holds.
    bool adds;
    /// `[rows, columns]`; must not overlap `a`.
    float *y;
} turnout_product;

/// Floats of scratch memory that `turnout_multiply` needs.
ptrdiff_t turnout_product_scratch(const turnout_kernels *kernels, ptrdiff_t inner, ptrdiff_t columns);
/// Packs b, then multiplies.
void turnout_multiply(
    turnout_pool *pool, const turnout_kernels *kernels, const turnout_product *product, float *scratch);
/// y = xᵀ, where x is `[rows, columns]`.
void turnout_transpose(turnout_pool *pool, ptrdiff_t rows, ptrdiff_t columns, const float *x, float *y);

/// d becomes d·activation'(x), x being what the activation was applied to.
void turnout_activate_backward(
    turnout_pool *pool, const turnout_kernels *kernels, int32_t activation, ptrdiff_t count, const float *x, float *d);
/// The gradient of a layer norm: `dx` is set, `dgain` and `dshift` are added to. `x` is the norm's input; `dx` must
/// not be `dy`. `scratch` holds 2·rows floats.
void turnout_layer_norm_backward(
    turnout_pool *pool, const turnout_kernels *kernels, ptrdiff_t rows, ptrdiff_t width, const float *x,
    const float *gain, float epsilon, const float *dy, float *dx, float *dgain, float *dshift, float *scratch);
/// sum[c] += the sum of column c of x, `[rows, width]`.
void turnout_add_rows(
    turnout_pool *pool, const turnout_kernels *kernels, ptrdiff_t rows, ptrdiff_t width, const float *x, float *sum);

/// Which elements are dropped: a function of key and index alone, so that nothing has to be kept for the way back.
typedef struct turnout_dropout {
    uint64_t key;
    /// The share that is dropped, in parts of 2^32; 0 for none.
    uint32_t threshold;
    /// What kept elements are multiplied by: 1/(1 - share).
    float scale;
} turnout_dropout;

/// Drops elements of x, or of a gradient, in place.
void turnout_drop_out(
    turnout_pool *pool, const turnout_kernels *kernels, const turnout_dropout *drop, ptrdiff_t count, float *x);

/// Floats of scratch memory that one thread needs for `turnout_attend_dropping` and `turnout_attend_backward`; `places`
/// is how many there are, 0 without vectors of positions.
ptrdiff_t turnout_attend_backward_scratch(
    const turnout_kernels *kernels, ptrdiff_t longest, ptrdiff_t head_width, ptrdiff_t places);
/// As `turnout_attend`, with dropout between softmax and values.
void turnout_attend_dropping(
    turnout_pool *pool, const turnout_kernels *kernels, const turnout_attention *shape, const turnout_dropout *drop,
    const float *qkv, float *out, float *scratch, ptrdiff_t scratch_stride);
/// The gradient of `turnout_attend_dropping` with respect to `qkv`; `dqkv` is set. Those of vectors of positions are
/// added to.
void turnout_attend_backward(
    turnout_pool *pool, const turnout_kernels *kernels, const turnout_attention *shape, const turnout_dropout *drop,
    const float *qkv, const float *dout, float *dqkv, float *scratch, ptrdiff_t scratch_stride);

/// One step of AdamW (Loshchilov & Hutter 2019, algorithm 2), bias corrections included.
typedef struct turnout_adamw {
    /// The learning rate over 1 - beta1^t.
    float rate;
    /// 1 - learning rate · weight decay.
    float decay;
    float beta1, beta2, epsilon;
    /// 1 over the square root of 1 - beta2^t.
    float second_correction;
    /// What gradients are multiplied by first.
    float gradient_scale;
} turnout_adamw;

/// Moves `count` weights by their gradients and updates both moments.
void turnout_adamw_step(
    turnout_pool *pool, const turnout_kernels *kernels, const turnout_adamw *step, ptrdiff_t count, const float *g,
    float *w, float *m, float *v);

#ifdef __cplusplus
}
#endif
#endif

// The matrix product: a tile of TILE_ROWS rows by TILE_WIDTH outputs stays in registers while the inner dimension
// goes by. Weights lie in panels of TILE_WIDTH outputs, in the order in which they are read: for each input, the
// weights of the panel's outputs side by side.
//
// Every element of the result is one chain of fused multiply-adds in the order of the inputs, whatever the height of
// the tile: a row's result does not depend on its neighbours.

// MARK: Reading weights

// The weights of one input for the panel's outputs, widened to floats.
//
// bfloat16 is stored in pairs: output c in the lower half of a 32-bit word, output c + LANES in the upper half, so
// that widening is a shift and a mask and never moves anything between lanes.
INLINE void load_weights(const int32_t storage, const char *panel, ptrdiff_t input, vec out[TILE_VECTORS]) {
    if (storage == TURNOUT_STORAGE_FLOAT32) {
        const float *p = (const float *)panel + input * TILE_WIDTH;
        UNROLL for (int v = 0; v < TILE_VECTORS; v++) out[v] = load(p + v * LANES);
    } else {
        const char *p = panel + input * TILE_WIDTH * 2;
        UNROLL for (int v = 0; v < TILE_VECTORS; v += 2) {
            vec_i32 pair;
            memcpy(&pair, p + v * LANES * 2, sizeof pair);
            out[v] = (vec)(pair << 16);
            out[v + 1] = (vec)(pair & (int32_t)0xffff0000);
        }
    }
}

// Weights are read once, in order, but the processor's own prefetching stops at every 4 KiB: ask for what comes that
// much later. Worth a tenth of the time of a small batch.
INLINE void prefetch_weights(const char *next, const ptrdiff_t bytes) {
    UNROLL for (ptrdiff_t line = 0; line < bytes; line += 64) __builtin_prefetch(next + 4096 + line);
}

// MARK: One tile

typedef struct tile_output {
    const float *row_scale; // one per row; NULL for none
    const float *bias;      // one per output; NULL for none
    const float *residual;  // NULL for none
    float *y;
    ptrdiff_t stride;       // of y and residual
} tile_output;

// Writes a tile's sums where they belong: scaled, biased, added to what was there before the layer.
INLINE void finish_tile(const int rows, vec sums[TILE_ROWS][TILE_VECTORS], tile_output out) {
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int v = 0; v < TILE_VECTORS; v++) {
            vec y = sums[r][v];
            if (out.row_scale) y = y * splat(out.row_scale[r]);
            if (out.bias) y = y + load(out.bias + v * LANES);
            if (out.residual) y = y + load(out.residual + r * out.stride + v * LANES);
            store(out.y + r * out.stride + v * LANES, y);
        }
    }
}

INLINE void tile(
    const int32_t storage, const int rows, ptrdiff_t inputs, const float *x, ptrdiff_t x_stride, const char *panel,
    tile_output out
) {
    const ptrdiff_t input_bytes = TILE_WIDTH * (storage == TURNOUT_STORAGE_FLOAT32 ? 4 : 2);
    vec sums[TILE_ROWS][TILE_VECTORS];
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int v = 0; v < TILE_VECTORS; v++) sums[r][v] = splat(0);
    }
    for (ptrdiff_t i = 0; i < inputs; i++) {
        vec weights[TILE_VECTORS];
        load_weights(storage, panel, i, weights);
        prefetch_weights(panel + i * input_bytes, input_bytes);
        UNROLL for (int r = 0; r < rows; r++) {
            vec factor = splat(x[r * x_stride + i]);
            UNROLL for (int v = 0; v < TILE_VECTORS; v++) sums[r][v] = factor * weights[v] + sums[r][v];
        }
    }
    finish_tile(rows, sums, out);
}

// Calls `tile_name(…, height, …)` with the height as a constant, so that its sums are registers.
#define TILE_CASE(n, call) \
    case n: { \
        enum { height = n <= TILE_ROWS ? n : 1 }; \
        call; \
        break; \
    }
#define WITH_CONSTANT_HEIGHT(rows, call) \
    switch (rows) { \
        TILE_CASE(1, call) TILE_CASE(2, call) TILE_CASE(3, call) TILE_CASE(4, call) TILE_CASE(5, call) \
        TILE_CASE(6, call) TILE_CASE(7, call) TILE_CASE(8, call) TILE_CASE(9, call) TILE_CASE(10, call) \
        TILE_CASE(11, call) TILE_CASE(12, call) TILE_CASE(13, call) TILE_CASE(14, call) \
        default: break; \
    }

static void tile_float32(
    ptrdiff_t rows, ptrdiff_t inputs, const float *x, ptrdiff_t x_stride, const char *panel, tile_output out
) {
    WITH_CONSTANT_HEIGHT(rows, tile(TURNOUT_STORAGE_FLOAT32, height, inputs, x, x_stride, panel, out))
}

static void tile_bfloat16(
    ptrdiff_t rows, ptrdiff_t inputs, const float *x, ptrdiff_t x_stride, const char *panel, tile_output out
) {
    WITH_CONSTANT_HEIGHT(rows, tile(TURNOUT_STORAGE_BFLOAT16, height, inputs, x, x_stride, panel, out))
}

// The height of the next tile when `rows` remain: as few tiles as possible, as equal as possible.
INLINE ptrdiff_t tile_height(ptrdiff_t rows) {
    ptrdiff_t tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
    return (rows + tiles - 1) / tiles;
}

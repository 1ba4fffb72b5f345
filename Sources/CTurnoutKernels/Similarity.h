// Products of one vector with many rows of signed bytes. Every sum is an exact integer, so that all instruction sets
// and any division of the rows give the same numbers.

// Rows that share each load of x.
#define ROWS_AT_ONCE 4
// Bytes ahead that are asked for. Reading bounds the loop, and the processor by itself looks less far: a quarter faster.
#define BYTES_AHEAD 2048

INLINE vec_i32 load_pairs(const int16_t *x) {
    vec_i32 pairs;
    memcpy(&pairs, x, sizeof pairs);
    return pairs;
}

INLINE vec_i32 load_bytes(const int8_t *row) {
    vec_i8x2 bytes;
    memcpy(&bytes, row, sizeof bytes);
    return (vec_i32)__builtin_convertvector(bytes, vec_i16x2);
}

INLINE int32_t sum_integers(vec_i32 v) {
    int32_t total = 0;
    UNROLL for (int i = 0; i < LANES; i++) total += v[i];
    return total;
}

// Reads each row up to a whole number of vectors: into the next row, where x is zero.
INLINE void dot_rows(ptrdiff_t width, const int8_t *rows, const int16_t *x, int32_t *out) {
    vec_i32 sums[ROWS_AT_ONCE];
    UNROLL for (int r = 0; r < ROWS_AT_ONCE; r++) sums[r] = (vec_i32)(0);
    for (ptrdiff_t i = 0; i < width; i += 2 * LANES) {
        const vec_i32 factor = load_pairs(x + i);
        for (ptrdiff_t line = 0; line < ROWS_AT_ONCE * 2 * LANES; line += 64) {
            __builtin_prefetch(rows + BYTES_AHEAD + ROWS_AT_ONCE * i + line);
        }
        UNROLL for (int r = 0; r < ROWS_AT_ONCE; r++) {
            sums[r] = ADD_PAIRS(sums[r], factor, load_bytes(rows + r * width + i));
        }
    }
    UNROLL for (int r = 0; r < ROWS_AT_ONCE; r++) out[r] = sum_integers(sums[r]);
}

static void dot_bytes(ptrdiff_t rows, ptrdiff_t width, const int8_t *m, const int16_t *x, int32_t *out) {
    // The last rows have no row behind them to read into.
    const ptrdiff_t whole = rows - (2 * LANES + width - 1) / width;
    ptrdiff_t r = 0;
    for (; r + ROWS_AT_ONCE <= whole; r += ROWS_AT_ONCE) dot_rows(width, m + r * width, x, out + r);
    for (; r < rows; r++) {
        int32_t total = 0;
        for (ptrdiff_t i = 0; i < width; i++) total += (int32_t)m[r * width + i] * x[i];
        out[r] = total;
    }
}

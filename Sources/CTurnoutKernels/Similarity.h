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

INLINE void dot_rows(const int count, ptrdiff_t width, const int8_t *rows, const int16_t *x, int32_t *out) {
    const ptrdiff_t whole = width - width % (2 * LANES);
    vec_i32 sums[ROWS_AT_ONCE];
    UNROLL for (int r = 0; r < count; r++) sums[r] = (vec_i32)(0);
    for (ptrdiff_t i = 0; i < whole; i += 2 * LANES) {
        const vec_i32 factor = load_pairs(x + i);
        for (ptrdiff_t line = 0; line < count * 2 * LANES; line += 64) {
            __builtin_prefetch(rows + BYTES_AHEAD + count * i + line);
        }
        UNROLL for (int r = 0; r < count; r++) sums[r] = ADD_PAIRS(sums[r], factor, load_bytes(rows + r * width + i));
    }
    UNROLL for (int r = 0; r < count; r++) {
        int32_t total = sum_integers(sums[r]);
        for (ptrdiff_t i = whole; i < width; i++) total += (int32_t)rows[r * width + i] * x[i];
        out[r] = total;
    }
}

static void dot_bytes(ptrdiff_t rows, ptrdiff_t width, const int8_t *m, const int16_t *x, int32_t *out) {
    ptrdiff_t r = 0;
    for (; r + ROWS_AT_ONCE <= rows; r += ROWS_AT_ONCE) dot_rows(ROWS_AT_ONCE, width, m + r * width, x, out + r);
    for (; r < rows; r++) dot_rows(1, width, m + r * width, x, out + r);
}

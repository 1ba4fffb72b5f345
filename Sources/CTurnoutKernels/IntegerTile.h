// The matrix product for weights of one byte. Within a group of GROUP_INPUTS inputs sums are exact integers; the only
// losses are the rounding of the weights to 8 bits (once, one scale per output and group) and of each row of x to 16
// (as it comes, one scale per row).
//
// Why groups: with one scale for a whole output the worst of 2,000 prompts keeps a cosine of .9976 with MiniLM's exact
// vector, which is not enough. Why not 8 bits for x as well: twice as fast, and the mean cosine falls below .999.
// Products of 16-bit pairs still make two multiply-adds where floats make one, and sums of a group cannot overflow:
// 64 · 127 · 32767 < 2^31.

typedef int8_t vec_i8x2 __attribute__((ext_vector_type(2 * LANES)));
typedef int16_t vec_i16x2 __attribute__((ext_vector_type(2 * LANES)));

// sums + x[0]·w[0] + x[1]·w[1] in each lane, x and w being pairs of 16-bit integers. A file that knows an instruction
// for it defines ADD_PAIRS.
#ifndef ADD_PAIRS
#define ADD_PAIRS(sums, x, w) \
    ((sums) + (((x) << 16) >> 16) * (((w) << 16) >> 16) + ((x) >> 16) * ((w) >> 16))
#endif

// MARK: Rounding x

// One row to 16-bit integers, an odd last one paired with zero. Returns what they must be multiplied by.
INLINE float quantise_row(ptrdiff_t inputs, const float *x, int16_t *out) {
    const ptrdiff_t whole = inputs - inputs % LANES;
    vec most = splat(0);
    for (ptrdiff_t i = 0; i < whole; i += LANES) most = vmax(most, __builtin_elementwise_abs(load(x + i)));
    if (whole < inputs) most = vmax(most, __builtin_elementwise_abs(load_part(x + whole, inputs - whole, 0)));
    const float top = largest(most), limit = INT16_MAX;
    const float factor = top > 0 ? limit / top : 0;
    const float shift = 12582912.0f;  // 1.5·2^23: adding it rounds to an integer held in the lowest bits
    for (ptrdiff_t i = 0; i < whole; i += LANES) {
        vec_i32 rounded = (vec_i32)(load(x + i) * splat(factor) + splat(shift));
        typedef int16_t vec_i16 __attribute__((ext_vector_type(LANES)));
        vec_i16 narrow = __builtin_convertvector(rounded - (vec_i32)splat(shift), vec_i16);
        memcpy(out + i, &narrow, sizeof narrow);
    }
    for (ptrdiff_t i = whole; i < inputs; i++) out[i] = (int16_t)lrintf(x[i] * factor);
    if (inputs % 2) out[inputs] = 0;
    return top / limit;
}

static void quantise(
    ptrdiff_t rows, ptrdiff_t inputs, const float *x, ptrdiff_t x_stride, int16_t *out, float *row_scale
) {
    const ptrdiff_t stride = (inputs + 1) / 2 * 2;
    for (ptrdiff_t r = 0; r < rows; r++) row_scale[r] = quantise_row(inputs, x + r * x_stride, out + r * stride);
}

// MARK: One tile

// A panel holds, for each pair of inputs and each output, the two weights side by side; `scales` has one row of
// TILE_WIDTH for each group.
INLINE void integer_tile(
    const int rows, ptrdiff_t pairs, const int32_t *x, const char *panel, const float *scales, tile_output out
) {
    vec sums[TILE_ROWS][TILE_VECTORS];
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int v = 0; v < TILE_VECTORS; v++) sums[r][v] = splat(0);
    }
    for (ptrdiff_t first = 0; first < pairs; first += GROUP_INPUTS / 2, scales += TILE_WIDTH) {
        const ptrdiff_t end = pairs - first < GROUP_INPUTS / 2 ? pairs : first + GROUP_INPUTS / 2;
        vec_i32 totals[TILE_ROWS][TILE_VECTORS];
        UNROLL for (int r = 0; r < rows; r++) {
            UNROLL for (int v = 0; v < TILE_VECTORS; v++) totals[r][v] = (vec_i32)(0);
        }
        for (ptrdiff_t i = first; i < end; i++) {
            const char *next = panel + i * TILE_WIDTH * 2;
            vec_i32 weights[TILE_VECTORS];
            UNROLL for (int v = 0; v < TILE_VECTORS; v++) {
                vec_i8x2 bytes;
                memcpy(&bytes, next + v * LANES * 2, sizeof bytes);
                weights[v] = (vec_i32)__builtin_convertvector(bytes, vec_i16x2);
            }
            prefetch_weights(next, TILE_WIDTH * 2);
            UNROLL for (int r = 0; r < rows; r++) {
                vec_i32 factor = (vec_i32)(x[r * pairs + i]);
                UNROLL for (int v = 0; v < TILE_VECTORS; v++) {
                    totals[r][v] = ADD_PAIRS(totals[r][v], factor, weights[v]);
                }
            }
        }
        UNROLL for (int v = 0; v < TILE_VECTORS; v++) {
            const vec scale = load(scales + v * LANES);
            UNROLL for (int r = 0; r < rows; r++) {
                sums[r][v] = __builtin_convertvector(totals[r][v], vec) * scale + sums[r][v];
            }
        }
    }
    finish_tile(rows, sums, out);
}

static void tile_int8(
    ptrdiff_t rows, ptrdiff_t pairs, const int32_t *x, const char *panel, const float *scales, tile_output out
) {
    WITH_CONSTANT_HEIGHT(rows, integer_tile(height, pairs, x, panel, scales, out))
}

// A vector of LANES floats and the few operations that the kernels are written in.
//
// These are the compiler's own vector types: with 16 lanes and AVX-512 enabled `a * b + c` is one instruction, with 4
// lanes and NEON likewise, so one body serves every instruction set. The file that includes this one defines LANES,
// TILE_ROWS and TILE_VECTORS, and enables the instructions for the functions that follow.
#include <float.h>
#include <math.h>
#include <string.h>

#include "KernelTable.h"

#pragma STDC FP_CONTRACT ON

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define TILE_WIDTH (TILE_VECTORS * LANES)

typedef float vec __attribute__((ext_vector_type(LANES)));
typedef int32_t vec_i32 __attribute__((ext_vector_type(LANES)));

INLINE vec load(const float *p) {
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void store(float *p, vec v) { memcpy(p, &v, sizeof v); }

INLINE vec splat(float x) { return (vec)(x); }

INLINE vec vmin(vec a, vec b) { return __builtin_elementwise_min(a, b); }

INLINE vec vmax(vec a, vec b) { return __builtin_elementwise_max(a, b); }

// The sum of the lanes, by halves: a fixed order.
INLINE float sum(vec v) {
    float lanes[LANES];
    memcpy(lanes, &v, sizeof v);
    UNROLL for (int half = LANES / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
    }
    return lanes[0];
}

INLINE float largest(vec v) {
    float lanes[LANES];
    memcpy(lanes, &v, sizeof v);
    float most = lanes[0];
    for (int i = 1; i < LANES; i++) most = lanes[i] > most ? lanes[i] : most;
    return most;
}

// Loads count < LANES elements; the other lanes are `filler`.
INLINE vec load_part(const float *p, ptrdiff_t count, float filler) {
    float lanes[LANES];
    for (int i = 0; i < LANES; i++) lanes[i] = filler;
    memcpy(lanes, p, (size_t)count * sizeof(float));
    return load(lanes);
}

INLINE void store_part(float *p, ptrdiff_t count, vec v) {
    float lanes[LANES];
    store(lanes, v);
    memcpy(p, lanes, (size_t)count * sizeof(float));
}

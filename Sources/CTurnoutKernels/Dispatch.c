// Which kernels this processor runs, and the entry points that only forward to them.
#include "KernelTable.h"

extern const turnout_kernels turnout_kernels_portable;
#if defined(__x86_64__)
extern const turnout_kernels turnout_kernels_avx2, turnout_kernels_avx512;
#elif defined(__aarch64__)
extern const turnout_kernels turnout_kernels_neon;
#endif

const turnout_kernels *turnout_kernels_for(int32_t isa) {
    switch (isa) {
        case TURNOUT_ISA_PORTABLE: return &turnout_kernels_portable;
#if defined(__x86_64__)
        case TURNOUT_ISA_AVX2:
            return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &turnout_kernels_avx2 : NULL;
        case TURNOUT_ISA_AVX512:
            return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
                    && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
                    && __builtin_cpu_supports("avx512vnni")
                ? &turnout_kernels_avx512 : NULL;
#elif defined(__aarch64__)
        case TURNOUT_ISA_NEON: return &turnout_kernels_neon;
#endif
        default: return NULL;
    }
}

const turnout_kernels *turnout_kernels_best(void) {
    for (int32_t isa = TURNOUT_ISA_AVX512; isa > TURNOUT_ISA_PORTABLE; isa--) {
        const turnout_kernels *kernels = turnout_kernels_for(isa);
        if (kernels) return kernels;
    }
    return &turnout_kernels_portable;
}

const char *turnout_kernels_name(const turnout_kernels *kernels) { return kernels->name; }

void turnout_activate(const turnout_kernels *kernels, int32_t activation, ptrdiff_t count, float *x) {
    kernels->activate(activation, count, x);
}

void turnout_softmax(
    const turnout_kernels *kernels, ptrdiff_t rows, ptrdiff_t width, ptrdiff_t stride, float scale, float *x
) {
    kernels->softmax(rows, width, stride, scale, x);
}

void turnout_layer_norm(
    const turnout_kernels *kernels, ptrdiff_t rows, ptrdiff_t width, const float *x, const float *gain,
    const float *shift, float epsilon, float *y
) {
    kernels->layer_norm(rows, width, x, gain, shift, epsilon, y);
}

void turnout_dot_bytes(
    const turnout_kernels *kernels, ptrdiff_t rows, ptrdiff_t width, const int8_t *m, const int16_t *x, int32_t *out
) {
    kernels->dot_bytes(rows, width, m, x, out);
}

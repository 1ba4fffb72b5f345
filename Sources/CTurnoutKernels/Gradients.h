// Backward passes of the row-wise kernels, dropout, and one step of the optimiser.

// MARK: Activations

// The derivative of an activation at x, its input.
INLINE vec activation_slope(const int32_t activation, vec x) {
    switch (activation) {
        case TURNOUT_ACTIVATION_GELU: {  // Φ(x) + x·φ(x)
            vec cumulative = verf(x * splat(0.70710678f)) * splat(0.5f) + splat(0.5f);
            vec density = vexp(x * x * splat(-0.5f)) * splat(0.39894228f);
            return x * density + cumulative;
        }
        case TURNOUT_ACTIVATION_GELU_TANH: {  // ½(1 + t) + ½x(1 - t²)u', t = tanh u
            vec t = vtanh((x * x * x * splat(0.044715f) + x) * splat(0.79788456f));
            vec inner = (x * x * splat(0.134145f) + splat(1.0f)) * splat(0.79788456f);
            return (splat(1.0f) + t + x * (splat(1.0f) - t * t) * inner) * splat(0.5f);
        }
        case TURNOUT_ACTIVATION_RELU: return x > splat(0) ? splat(1.0f) : splat(0);
        case TURNOUT_ACTIVATION_TANH: {
            vec t = vtanh(x);
            return splat(1.0f) - t * t;
        }
        default: return splat(1.0f);
    }
}

INLINE void activate_backward_row(const int32_t activation, ptrdiff_t count, const float *x, float *d) {
    ptrdiff_t i = 0;
    for (; i + LANES <= count; i += LANES) store(d + i, load(d + i) * activation_slope(activation, load(x + i)));
    const ptrdiff_t rest = count - i;
    if (rest) {
        vec last = load_part(d + i, rest, 0) * activation_slope(activation, load_part(x + i, rest, 0));
        store_part(d + i, rest, last);
    }
}

// d becomes d·activation'(x).
static void activate_backward(int32_t activation, ptrdiff_t count, const float *x, float *d) {
    switch (activation) {
        case TURNOUT_ACTIVATION_GELU: activate_backward_row(TURNOUT_ACTIVATION_GELU, count, x, d); break;
        case TURNOUT_ACTIVATION_GELU_TANH: activate_backward_row(TURNOUT_ACTIVATION_GELU_TANH, count, x, d); break;
        case TURNOUT_ACTIVATION_RELU: activate_backward_row(TURNOUT_ACTIVATION_RELU, count, x, d); break;
        case TURNOUT_ACTIVATION_TANH: activate_backward_row(TURNOUT_ACTIVATION_TANH, count, x, d); break;
        default: break;
    }
}

// MARK: Layer norm

// With z = (x - mean)·factor and g = dy·gain: dx = factor·(g - mean(g) - z·mean(g·z)).
// Leaves mean and factor in stats, for the columns.
INLINE void layer_norm_backward_row(
    ptrdiff_t width, const float *x, const float *gain, float epsilon, const float *dy, float *dx, float *stats
) {
    const ptrdiff_t whole = width - width % LANES;
    vec sums = splat(0), squares = splat(0), pulls = splat(0), leans = splat(0);
    for (ptrdiff_t i = 0; i < whole; i += LANES) sums += load(x + i);
    float total = sum(sums);
    for (ptrdiff_t i = whole; i < width; i++) total += x[i];
    const float mean = total / (float)width;

    for (ptrdiff_t i = 0; i < whole; i += LANES) {
        const vec g = load(dy + i) * load(gain + i), d = load(x + i) - splat(mean);
        squares = d * d + squares;
        pulls += g;
        leans = g * d + leans;
    }
    float spread = sum(squares), pull = sum(pulls), lean = sum(leans);
    for (ptrdiff_t i = whole; i < width; i++) {
        const float g = dy[i] * gain[i], d = x[i] - mean;
        spread += d * d;
        pull += g;
        lean += g * d;
    }
    const float factor = 1 / sqrtf(spread / (float)width + epsilon);
    pull /= (float)width;
    lean *= factor * factor / (float)width;

    for (ptrdiff_t i = 0; i < whole; i += LANES) {
        const vec g = load(dy + i) * load(gain + i), d = load(x + i) - splat(mean);
        store(dx + i, (g - splat(pull) - d * splat(lean)) * splat(factor));
    }
    for (ptrdiff_t i = whole; i < width; i++) {
        dx[i] = (dy[i] * gain[i] - pull - (x[i] - mean) * lean) * factor;
    }
    stats[0] = mean;
    stats[1] = factor;
}

static void layer_norm_backward(
    ptrdiff_t rows, ptrdiff_t width, const float *x, const float *gain, float epsilon, const float *dy, float *dx,
    float *stats
) {
    for (ptrdiff_t r = 0; r < rows; r++) {
        const ptrdiff_t at = r * width;
        layer_norm_backward_row(width, x + at, gain, epsilon, dy + at, dx + at, stats + 2 * r);
    }
}

// MARK: Sums over rows

// For columns first ..< end: shift += sum of dy and, where there is a gain, gain += sum of dy·z. Rows are added in
// their order, whoever adds them.
static void add_columns(
    ptrdiff_t rows, ptrdiff_t width, ptrdiff_t first, ptrdiff_t end, const float *dy, const float *x,
    const float *stats, float *gain, float *shift
) {
    for (ptrdiff_t c = first; c < end; c += LANES) {
        const ptrdiff_t count = end - c < LANES ? end - c : LANES;
        vec shifts = splat(0), gains = splat(0);
        for (ptrdiff_t r = 0; r < rows; r++) {
            const float *d = dy + r * width + c;
            const vec part = count == LANES ? load(d) : load_part(d, count, 0);
            shifts += part;
            if (!gain) continue;
            const float *v = x + r * width + c;
            const vec value = count == LANES ? load(v) : load_part(v, count, 0);
            gains += part * ((value - splat(stats[2 * r])) * splat(stats[2 * r + 1]));
        }
        store_part(shift + c, count, load_part(shift + c, count, 0) + shifts);
        if (gain) store_part(gain + c, count, load_part(gain + c, count, 0) + gains);
    }
}

// MARK: Dropout

typedef uint32_t vec_u32 __attribute__((ext_vector_type(LANES)));

// 32 bits that look random for every index: the finaliser of MurmurHash3 (Appleby, public domain), once with each
// half of the key.
INLINE vec_u32 scrambled(vec_u32 bits) {
    bits ^= bits >> 16;
    bits *= 0x85ebca6bu;
    bits ^= bits >> 13;
    bits *= 0xc2b2ae35u;
    return bits ^ (bits >> 16);
}

// Element i of x is dropped when the bits of first + i say so, and divided by the share that is kept otherwise.
static void drop_out(const turnout_dropout *drop, uint64_t key, ptrdiff_t first, ptrdiff_t count, float *x) {
    const vec_u32 low = (vec_u32)((uint32_t)key), high = (vec_u32)((uint32_t)(key >> 32));
    vec_u32 index;
    for (int lane = 0; lane < LANES; lane++) index[lane] = (uint32_t)first + (uint32_t)lane;
    for (ptrdiff_t i = 0; i < count; i += LANES) {
        const vec_u32 bits = scrambled(scrambled(index ^ low) ^ high);
        const vec factor = bits >= (vec_u32)(drop->threshold) ? splat(drop->scale) : splat(0);
        if (count - i >= LANES) {
            store(x + i, load(x + i) * factor);
        } else {
            store_part(x + i, count - i, load_part(x + i, count - i, 0) * factor);
        }
        index += LANES;
    }
}

// MARK: AdamW

INLINE void adamw_lanes(const turnout_adamw *step, vec g, vec *w, vec *m, vec *v) {
    g *= splat(step->gradient_scale);
    *m = *m * splat(step->beta1) + g * splat(1 - step->beta1);
    *v = *v * splat(step->beta2) + g * g * splat(1 - step->beta2);
    const vec size = __builtin_elementwise_sqrt(*v) * splat(step->second_correction) + splat(step->epsilon);
    *w = *w * splat(step->decay) - *m * splat(step->rate) / size;
}

static void adamw(const turnout_adamw *step, ptrdiff_t count, const float *g, float *w, float *m, float *v) {
    ptrdiff_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        vec weight = load(w + i), first = load(m + i), second = load(v + i);
        adamw_lanes(step, load(g + i), &weight, &first, &second);
        store(w + i, weight);
        store(m + i, first);
        store(v + i, second);
    }
    const ptrdiff_t rest = count - i;
    if (!rest) return;
    vec weight = load_part(w + i, rest, 0), first = load_part(m + i, rest, 0), second = load_part(v + i, rest, 0);
    adamw_lanes(step, load_part(g + i, rest, 0), &weight, &first, &second);
    store_part(w + i, rest, weight);
    store_part(m + i, rest, first);
    store_part(v + i, rest, second);
}

// Activations, softmax and layer norm: one pass over a row each, LANES elements at a time.

// MARK: exp, tanh, erf

// e^x, relative error below 2 ulp, for x from -87.3 to 88; smaller x gives about 1e-38.
//
// x = n·ln 2 + r with |r| <= ln 2 / 2; e^r = 1 + r + r²·P(r), P fitted to the remainder by weighted least squares
// (minimax, relative error 3e-9); 2^n by adding n to the exponent.
INLINE vec vexp(vec x) {
    const vec shift = splat(12582912.0f);  // 1.5·2^23: adding it rounds to an integer held in the lowest bits
    x = vmin(vmax(x, splat(-87.3f)), splat(88.0f));
    vec shifted = x * splat(1.44269504f) + shift;
    vec n = shifted - shift;
    vec r = n * splat(-0.693359375f) + x;   // ln 2 in two parts, the first exact in few bits
    r = n * splat(2.12194440e-4f) + r;
    vec p = splat(1.3814611593261361e-3f);
    p = p * r + splat(8.368710055947304e-3f);
    p = p * r + splat(4.166838899254799e-2f);
    p = p * r + splat(0.1666652113199234f);
    p = p * r + splat(0.4999999403953552f);
    p = p * (r * r) + r;
    vec_i32 exponent = (vec_i32)shifted << 23;
    vec power = (vec)((vec_i32)splat(1.0f) + exponent);
    return p * power + power;
}

// tanh x = 1 - 2/(e^2x + 1), absolute error below 2e-7.
INLINE vec vtanh(vec x) {
    x = vmin(vmax(x, splat(-9.0f)), splat(9.0f));
    return splat(1.0f) - splat(2.0f) / (vexp(x + x) + splat(1.0f));
}

// erf x = x·P(x²)/Q(x²) up to |x| = 3.92, and ±1 beyond, where it is that to within half an ulp.
// P and Q of degree 5, fitted by the same method (relative error 1.9e-8 before rounding, 4 ulp after).
INLINE vec verf(vec x) {
    vec u = vmin(x * x, splat(3.92f * 3.92f));
    vec p = splat(2.0500315258686896e-6f);
    p = p * u + splat(2.8487498639151454e-4f);
    p = p * u + splat(3.765513189136982e-3f);
    p = p * u + splat(5.274840071797371e-2f);
    p = p * u + splat(0.19040478765964508f);
    p = p * u + splat(1.1283791065216064f);
    vec q = splat(3.809072950389236e-5f);
    q = q * u + splat(1.162499887868762e-3f);
    q = q * u + splat(1.496901921927929e-2f);
    q = q * u + splat(0.11410832405090332f);
    q = q * u + splat(0.5020745992660522f);
    q = q * u + splat(1.0f);
    vec inner = x * p / q;
    return x > splat(3.92f) ? splat(1.0f) : x < splat(-3.92f) ? splat(-1.0f) : inner;
}

// MARK: Activations

INLINE vec activated(const int32_t activation, vec x) {
    switch (activation) {
        case TURNOUT_ACTIVATION_GELU: {
            vec half = x * splat(0.5f);
            return half * verf(x * splat(0.70710678f)) + half;
        }
        case TURNOUT_ACTIVATION_GELU_TANH: {
            vec half = x * splat(0.5f);
            vec inner = (x * x * x * splat(0.044715f) + x) * splat(0.79788456f);
            return half * vtanh(inner) + half;
        }
        case TURNOUT_ACTIVATION_RELU: return vmax(x, splat(0));
        case TURNOUT_ACTIVATION_TANH: return vtanh(x);
        default: return x;
    }
}

INLINE void activate_row(const int32_t activation, ptrdiff_t count, float *x) {
    ptrdiff_t i = 0;
    for (; i + LANES <= count; i += LANES) store(x + i, activated(activation, load(x + i)));
    if (i < count) store_part(x + i, count - i, activated(activation, load_part(x + i, count - i, 0)));
}

static void activate(int32_t activation, ptrdiff_t count, float *x) {
    switch (activation) {
        case TURNOUT_ACTIVATION_GELU: activate_row(TURNOUT_ACTIVATION_GELU, count, x); break;
        case TURNOUT_ACTIVATION_GELU_TANH: activate_row(TURNOUT_ACTIVATION_GELU_TANH, count, x); break;
        case TURNOUT_ACTIVATION_RELU: activate_row(TURNOUT_ACTIVATION_RELU, count, x); break;
        case TURNOUT_ACTIVATION_TANH: activate_row(TURNOUT_ACTIVATION_TANH, count, x); break;
        default: break;
    }
}

// MARK: Softmax and layer norm

INLINE void softmax_row(ptrdiff_t width, float scale, float *x) {
    const ptrdiff_t whole = width - width % LANES, rest = width - whole;
    vec most = splat(-FLT_MAX);
    for (ptrdiff_t i = 0; i < whole; i += LANES) most = vmax(most, load(x + i));
    if (rest) most = vmax(most, load_part(x + whole, rest, -FLT_MAX));
    const vec top = splat(largest(most)), factor = splat(scale);
    vec total = splat(0);
    for (ptrdiff_t i = 0; i < whole; i += LANES) {
        vec e = vexp((load(x + i) - top) * factor);
        total += e;
        store(x + i, e);
    }
    float denominator = sum(total);
    if (rest) {
        store_part(x + whole, rest, vexp((load_part(x + whole, rest, 0) - top) * factor));
        for (ptrdiff_t i = whole; i < width; i++) denominator += x[i];
    }
    const float share = 1 / denominator;
    for (ptrdiff_t i = 0; i < whole; i += LANES) store(x + i, load(x + i) * splat(share));
    for (ptrdiff_t i = whole; i < width; i++) x[i] *= share;
}

static void softmax(ptrdiff_t rows, ptrdiff_t width, ptrdiff_t stride, float scale, float *x) {
    for (ptrdiff_t r = 0; r < rows; r++) softmax_row(width, scale, x + r * stride);
}

INLINE void layer_norm_row(
    ptrdiff_t width, const float *x, const float *gain, const float *shift, float epsilon, float *y
) {
    const ptrdiff_t whole = width - width % LANES;
    vec sums = splat(0);
    for (ptrdiff_t i = 0; i < whole; i += LANES) sums += load(x + i);
    float total = sum(sums);
    for (ptrdiff_t i = whole; i < width; i++) total += x[i];
    const float mean = total / (float)width;

    vec squares = splat(0);
    for (ptrdiff_t i = 0; i < whole; i += LANES) {
        vec d = load(x + i) - splat(mean);
        squares = d * d + squares;
    }
    float spread = sum(squares);
    for (ptrdiff_t i = whole; i < width; i++) spread += (x[i] - mean) * (x[i] - mean);
    const float factor = 1 / sqrtf(spread / (float)width + epsilon);

    for (ptrdiff_t i = 0; i < whole; i += LANES) {
        vec z = (load(x + i) - splat(mean)) * splat(factor) * load(gain + i);
        store(y + i, shift ? z + load(shift + i) : z);
    }
    for (ptrdiff_t i = whole; i < width; i++) y[i] = (x[i] - mean) * factor * gain[i] + (shift ? shift[i] : 0);
}

static void layer_norm(
    ptrdiff_t rows, ptrdiff_t width, const float *x, const float *gain, const float *shift, float epsilon, float *y
) {
    for (ptrdiff_t r = 0; r < rows; r++) layer_norm_row(width, x + r * width, gain, shift, epsilon, y + r * width);
}

// Positions while learning: what they add to scores, and the gradients of their vectors.
//
// With p(i, j) the place of the distance from query i to key j, the scores of queries Q and keys K get
// (Q·keys of placesᵀ)[i, p(i, j)] + (K·queries of placesᵀ)[j, p(i, j)]. On the way back the slopes of all scores that
// took a product are gathered in its place, A[i, p] = Σ dS[i, j]; then dQ += A·(keys of places) and
// d(keys of places) += Aᵀ·Q, and likewise for the other term.

// The places that a text of this length meets, and the memory in which one head works with them.
typedef struct place_view {
    const int32_t *places;                          // by distance
    ptrdiff_t length, width, x_stride;              // of a text, of a head, of a row of its queries or keys
    ptrdiff_t first, count, stride;                 // of places, and of a row of their vectors
    ptrdiff_t product_stride, turned_stride, padded;
    float *products, *turned, *results, *panels;    // [length, places], [places, length], [either, width]
} place_view;

INLINE place_view view_places(
    const turnout_position_vectors *vectors, ptrdiff_t length, ptrdiff_t width, ptrdiff_t x_stride, float *scratch
) {
    place_view v = {.places = vectors->places, .length = length, .width = width, .x_stride = x_stride};
    v.first = v.places[1 - length];
    v.count = v.places[length - 1] - v.first + 1;
    v.stride = vectors->stride;
    v.product_stride = panels_of(v.count) * TILE_WIDTH;
    v.turned_stride = panels_of(length) * TILE_WIDTH;
    v.padded = panels_of(width) * TILE_WIDTH;
    v.products = scratch;
    v.turned = v.products + length * v.product_stride;
    v.results = v.turned + v.count * v.turned_stride;
    v.panels = v.results + (length > v.count ? length : v.count) * v.padded;
    return v;
}

// Where the product is that the score of query i and key j takes: in the row of the one or the other.
INLINE float *product_of(const place_view *v, bool is_by_key, ptrdiff_t i, ptrdiff_t j) {
    return v->products + (is_by_key ? j : i) * v->product_stride + v->places[i - j] - v->first;
}

// scores[i, j] += x_i·vector, or x_j·vector, of the place of i - j.
INLINE void add_place_scores(
    const place_view *v, bool is_by_key, const float *x, const float *vectors, float *scores, ptrdiff_t score_stride
) {
    pack_keys(v->count, v->width, vectors + v->first * v->stride, v->stride, v->panels);
    multiply_panels(
        v->length, v->width, x, v->x_stride, v->panels, panels_of(v->count), v->products, v->product_stride);
    for (ptrdiff_t i = 0; i < v->length; i++) {
        for (ptrdiff_t j = 0; j < v->length; j++) scores[i * score_stride + j] += *product_of(v, is_by_key, i, j);
    }
}

// to[r, …] += results for each row.
INLINE void add_results(const place_view *v, ptrdiff_t rows, float *to, ptrdiff_t stride) {
    for (ptrdiff_t r = 0; r < rows; r++) {
        for (ptrdiff_t c = 0; c < v->width; c++) to[r * stride + c] += v->results[r * v->padded + c];
    }
}

// The way back of `add_place_scores`: adds to the gradients of x and of the vectors.
INLINE void add_place_gradients(
    const place_view *v, bool is_by_key, const float *slopes, ptrdiff_t slope_stride, const float *x,
    const float *vectors, float *dx, float *dvectors
) {
    memset(v->products, 0, (size_t)(v->length * v->product_stride) * sizeof(float));
    for (ptrdiff_t i = 0; i < v->length; i++) {
        for (ptrdiff_t j = 0; j < v->length; j++) *product_of(v, is_by_key, i, j) += slopes[i * slope_stride + j];
    }
    pack_values(v->count, v->width, vectors + v->first * v->stride, v->stride, v->panels);
    multiply_panels(
        v->length, v->count, v->products, v->product_stride, v->panels, panels_of(v->width), v->results, v->padded);
    add_results(v, v->length, dx, v->x_stride);

    for (ptrdiff_t r = 0; r < v->length; r++) {
        for (ptrdiff_t p = 0; p < v->count; p++) {
            v->turned[p * v->turned_stride + r] = v->products[r * v->product_stride + p];
        }
    }
    pack_values(v->length, v->width, x, v->x_stride, v->panels);
    multiply_panels(
        v->count, v->length, v->turned, v->turned_stride, v->panels, panels_of(v->width), v->results, v->padded);
    add_results(v, v->count, dvectors + v->first * v->stride, v->stride);
}

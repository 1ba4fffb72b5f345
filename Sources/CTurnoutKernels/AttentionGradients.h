// Attention while learning: forward with dropout on the shares, and backward. Nothing but queries, keys and values is
// kept in between: the shares are computed again.
//
// With P = softmax(scale·Q·Kᵀ), D = dropout(P), O = D·V, and d… for the gradient of the loss:
//   dV = Dᵀ·dO,   dP = dropout(dO·Vᵀ),   dS = scale·P∘(dP - rowsum(dP∘P)),   dQ = dS·K,   dK = dSᵀ·Q.

// What one head of one sequence works with, and the scratch memory it works in.
typedef struct head_view {
    ptrdiff_t length, width, first, column, hidden, stride;     // stride: of a row of queries, keys and values
    ptrdiff_t key_panels, value_panels, share_stride;
    uint64_t key;                                               // of the dropout
    float *panels, *shares, *slopes, *turned, *results, *rest;  // rest: what positions work in
} head_view;

INLINE head_view view_head(
    const turnout_attention *shape, const turnout_dropout *drop, ptrdiff_t sequence, ptrdiff_t head, float *scratch
) {
    head_view v = {.first = shape->offsets[sequence], .width = shape->head_width};
    v.length = shape->offsets[sequence + 1] - v.first;
    v.column = head * v.width;
    v.hidden = shape->heads * v.width;
    v.stride = 3 * v.hidden;
    v.key_panels = panels_of(v.length);
    v.value_panels = panels_of(v.width);
    v.share_stride = v.key_panels * TILE_WIDTH;
    v.key = drop->key + (uint64_t)(sequence * shape->heads + head + 1) * 0x9e3779b97f4a7c15u;
    const ptrdiff_t square = v.length * v.share_stride, padded = v.value_panels * TILE_WIDTH;
    v.shares = scratch;
    v.slopes = v.shares + square;
    v.turned = v.slopes + square;
    v.results = v.turned + square;
    v.panels = v.results + v.length * padded;
    const ptrdiff_t key_floats = v.share_stride * v.width, value_floats = v.length * padded;
    v.rest = v.panels + (key_floats > value_floats ? key_floats : value_floats);
    return v;
}

// out[first + i, column…] = x·values for each i; x is [length, length].
INLINE void multiply_values(
    const head_view *v, const float *x, const float *values, ptrdiff_t stride, float *out, ptrdiff_t out_stride
) {
    const ptrdiff_t padded = v->value_panels * TILE_WIDTH;
    pack_values(v->length, v->width, values, stride, v->panels);
    multiply_panels(
        v->length, v->length, x, v->share_stride, v->panels, v->value_panels, v->results, padded);
    for (ptrdiff_t i = 0; i < v->length; i++) {
        memcpy(out + (v->first + i) * out_stride, v->results + i * padded, (size_t)v->width * sizeof(float));
    }
}

// out = x·keysᵀ, [length, length].
INLINE void multiply_keys(
    const head_view *v, const float *x, ptrdiff_t x_stride, const float *keys, float *out
) {
    pack_keys(v->length, v->width, keys, v->stride, v->panels);
    multiply_panels(v->length, v->width, x, x_stride, v->panels, v->key_panels, out, v->share_stride);
}

INLINE void turn(const head_view *v, const float *x) {
    for (ptrdiff_t i = 0; i < v->length; i++) {
        for (ptrdiff_t j = 0; j < v->length; j++) v->turned[j * v->share_stride + i] = x[i * v->share_stride + j];
    }
}

INLINE void drop_out_shares(const head_view *v, const turnout_dropout *drop, float *x) {
    if (drop->threshold == 0) return;
    for (ptrdiff_t i = 0; i < v->length; i++) {
        drop_out(drop, v->key, i * v->length, v->length, x + i * v->share_stride);
    }
}

// Row i of dP becomes dS. Beyond the last key both hold zeros.
INLINE void slope_of_softmax(const head_view *v, float scale, ptrdiff_t i) {
    const float *p = v->shares + i * v->share_stride;
    float *s = v->slopes + i * v->share_stride;
    vec products = splat(0);
    for (ptrdiff_t j = 0; j < v->share_stride; j += LANES) products = load(s + j) * load(p + j) + products;
    const vec total = splat(sum(products)), factor = splat(scale);
    for (ptrdiff_t j = 0; j < v->share_stride; j += LANES) {
        store(s + j, (load(s + j) - total) * load(p + j) * factor);
    }
}

// shares = softmax of the scores.
INLINE void share_out(const head_view *v, const turnout_attention *shape, const float *queries) {
    const float *keys = queries + v->hidden;
    multiply_keys(v, queries, v->stride, keys, v->shares);
    if (shape->vectors) {
        const turnout_position_vectors *p = shape->vectors;
        const place_view places = view_places(p, v->length, v->width, v->stride, v->rest);
        if (p->keys) add_place_scores(&places, false, queries, p->keys + v->column, v->shares, v->share_stride);
        if (p->queries) add_place_scores(&places, true, keys, p->queries + v->column, v->shares, v->share_stride);
    }
    softmax(v->length, v->length, v->share_stride, shape->scale, v->shares);
}

// Adds what positions have part in to the gradients of queries and keys, and sums up their own.
INLINE void positions_backward(
    const head_view *v, const turnout_position_vectors *p, const float *queries, float *dqueries
) {
    const place_view places = view_places(p, v->length, v->width, v->stride, v->rest);
    const ptrdiff_t c = v->column, to_keys = v->hidden;
    if (p->keys) {
        add_place_gradients(
            &places, false, v->slopes, v->share_stride, queries, p->keys + c, dqueries, p->dkeys + c);
    }
    if (p->queries) {
        add_place_gradients(
            &places, true, v->slopes, v->share_stride, queries + to_keys, p->queries + c, dqueries + to_keys,
            p->dqueries + c);
    }
}

static void attend_dropping_head(
    const turnout_attention *shape, const turnout_dropout *drop, ptrdiff_t sequence, ptrdiff_t head, const float *qkv,
    float *out, float *scratch
) {
    const head_view v = view_head(shape, drop, sequence, head, scratch);
    const float *queries = qkv + v.first * v.stride + v.column;
    share_out(&v, shape, queries);
    drop_out_shares(&v, drop, v.shares);
    multiply_values(&v, v.shares, queries + 2 * v.hidden, v.stride, out + v.column, v.hidden);
}

static void attend_backward_head(
    const turnout_attention *shape, const turnout_dropout *drop, ptrdiff_t sequence, ptrdiff_t head, const float *qkv,
    const float *dout, float *dqkv, float *scratch
) {
    const head_view v = view_head(shape, drop, sequence, head, scratch);
    const float *queries = qkv + v.first * v.stride + v.column;
    const float *keys = queries + v.hidden, *values = keys + v.hidden;
    const float *d = dout + v.first * v.hidden + v.column;
    share_out(&v, shape, queries);
    multiply_keys(&v, d, v.hidden, values, v.slopes);
    drop_out_shares(&v, drop, v.slopes);
    for (ptrdiff_t i = 0; i < v.length; i++) slope_of_softmax(&v, shape->scale, i);
    drop_out_shares(&v, drop, v.shares);
    turn(&v, v.shares);
    multiply_values(&v, v.turned, d, v.hidden, dqkv + 2 * v.hidden + v.column, v.stride);
    multiply_values(&v, v.slopes, keys, v.stride, dqkv + v.column, v.stride);
    turn(&v, v.slopes);
    multiply_values(&v, v.turned, queries, v.stride, dqkv + v.hidden + v.column, v.stride);
    if (shape->vectors) positions_backward(&v, shape->vectors, queries, dqkv + v.first * v.stride + v.column);
}

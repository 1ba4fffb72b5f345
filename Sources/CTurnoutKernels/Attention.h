// Attention of one head over one sequence, by the same tiles as the linear layers: keys and values are packed into
// panels (keys transposed), then for some queries at a time scores = Q·Kᵀ, softmax, out = scores·V. Where distances
// have vectors of their own, rows are multiplied by those whose distances they meet, and each score picks its own.

// Queries whose scores are alive at once: few enough for them to stay in the second-level cache.
#define QUERY_BLOCK (QUERY_TILES * TILE_ROWS)

INLINE ptrdiff_t panels_of(ptrdiff_t columns) { return (columns + TILE_WIDTH - 1) / TILE_WIDTH; }

// Row j of keys becomes column j of the panels, [width, TILE_WIDTH] each.
INLINE void pack_keys(ptrdiff_t length, ptrdiff_t width, const float *keys, ptrdiff_t stride, float *panels) {
    for (ptrdiff_t p = 0; p < panels_of(length); p++) {
        float *panel = panels + p * width * TILE_WIDTH;
        for (ptrdiff_t c = 0; c < TILE_WIDTH; c++) {
            const ptrdiff_t key = p * TILE_WIDTH + c;
            for (ptrdiff_t i = 0; i < width; i++) {
                panel[i * TILE_WIDTH + c] = key < length ? keys[key * stride + i] : 0;
            }
        }
    }
}

// Columns of values become panels of [length, TILE_WIDTH].
INLINE void pack_values(ptrdiff_t length, ptrdiff_t width, const float *values, ptrdiff_t stride, float *panels) {
    for (ptrdiff_t p = 0; p < panels_of(width); p++) {
        const ptrdiff_t first = p * TILE_WIDTH;
        const ptrdiff_t count = width - first < TILE_WIDTH ? width - first : TILE_WIDTH;
        float *panel = panels + p * length * TILE_WIDTH;
        for (ptrdiff_t j = 0; j < length; j++) {
            memcpy(panel + j * TILE_WIDTH, values + j * stride + first, (size_t)count * sizeof(float));
            for (ptrdiff_t c = count; c < TILE_WIDTH; c++) panel[j * TILE_WIDTH + c] = 0;
        }
    }
}

// out = x·panels for up to QUERY_BLOCK rows; out has room for whole panels.
INLINE void multiply_panels(
    ptrdiff_t rows, ptrdiff_t inputs, const float *x, ptrdiff_t x_stride, const float *panels, ptrdiff_t count,
    float *y, ptrdiff_t y_stride
) {
    for (ptrdiff_t p = 0; p < count; p++) {
        const char *panel = (const char *)(panels + p * inputs * TILE_WIDTH);
        for (ptrdiff_t row = 0, height; row < rows; row += height) {
            height = tile_height(rows - row);
            tile_output out = {.y = y + row * y_stride + p * TILE_WIDTH, .stride = y_stride};
            tile_float32(height, inputs, x + row * x_stride, x_stride, panel, out);
        }
    }
}

// MARK: Positions

// y[r, place] = x_r · (vector of that place) for the places of distances from `least` to `most`. Of y's other columns
// only those in the same panels are written.
INLINE void multiply_positions(
    const turnout_positions *positions, const turnout_packed *vectors, ptrdiff_t least, ptrdiff_t most, ptrdiff_t rows,
    const float *x, ptrdiff_t x_stride, float *y
) {
    const ptrdiff_t first = positions->places[least] / TILE_WIDTH, last = positions->places[most] / TILE_WIDTH;
    const float *panels = (const float *)(const void *)(vectors->data + (size_t)first * vectors->panel_bytes);
    multiply_panels(
        rows, vectors->inputs, x, x_stride, panels, last - first + 1, y + first * TILE_WIDTH,
        position_stride(positions->count, TILE_WIDTH));
}

// The products of all keys of a sequence with the query vectors of the distances at which they are seen.
INLINE void multiply_all_keys(
    const turnout_positions *positions, ptrdiff_t head, ptrdiff_t length, const float *keys, ptrdiff_t stride, float *y
) {
    for (ptrdiff_t k = 0; k < length; k += QUERY_BLOCK) {
        const ptrdiff_t rows = length - k < QUERY_BLOCK ? length - k : QUERY_BLOCK;
        multiply_positions(
            positions, positions->queries[head], -(k + rows - 1), length - 1 - k, rows, keys + k * stride, stride,
            y + k * position_stride(positions->count, TILE_WIDTH));
    }
}

// scores[r, j] += products[r, place of the distance first + r - j], where products has a row for each query.
INLINE void add_query_products(
    const turnout_positions *positions, ptrdiff_t first, ptrdiff_t rows, ptrdiff_t length, const float *products,
    float *scores, ptrdiff_t score_stride
) {
    for (ptrdiff_t r = 0; r < rows; r++) {
        const int32_t *places = positions->places + first + r;
        const float *from = products + r * position_stride(positions->count, TILE_WIDTH);
        for (ptrdiff_t j = 0; j < length; j++) scores[r * score_stride + j] += from[places[-j]];
    }
}

// The same where products has a row for each key.
INLINE void add_key_products(
    const turnout_positions *positions, ptrdiff_t first, ptrdiff_t rows, ptrdiff_t length, const float *products,
    float *scores, ptrdiff_t score_stride
) {
    const ptrdiff_t stride = position_stride(positions->count, TILE_WIDTH);
    for (ptrdiff_t r = 0; r < rows; r++) {
        const int32_t *places = positions->places + first + r;
        for (ptrdiff_t j = 0; j < length; j++) scores[r * score_stride + j] += products[j * stride + places[-j]];
    }
}

// MARK: One head

// Scratch: key panels, value panels, scores and results of a block of queries, products of all keys and of a block of
// queries with positions, in this order.
static void attend_head(
    const turnout_attention *shape, ptrdiff_t sequence, ptrdiff_t head, const float *qkv, float *out, float *scratch
) {
    const ptrdiff_t first = shape->offsets[sequence], length = shape->offsets[sequence + 1] - first;
    const ptrdiff_t width = shape->head_width, hidden = shape->heads * width, stride = 3 * hidden;
    const ptrdiff_t key_panels = panels_of(length), value_panels = panels_of(width);
    const ptrdiff_t score_stride = key_panels * TILE_WIDTH, result_stride = value_panels * TILE_WIDTH;
    const float *queries = qkv + first * stride + head * width;
    float *keys = scratch;
    float *values = keys + key_panels * width * TILE_WIDTH;
    float *scores = values + value_panels * length * TILE_WIDTH;
    float *results = scores + QUERY_BLOCK * score_stride;
    const turnout_positions *positions = shape->positions;
    float *key_products = results + QUERY_BLOCK * result_stride;
    float *query_products = key_products + (positions ? length * position_stride(positions->count, TILE_WIDTH) : 0);
    pack_keys(length, width, queries + hidden, stride, keys);
    pack_values(length, width, queries + 2 * hidden, stride, values);
    if (positions && positions->queries) {
        multiply_all_keys(positions, head, length, queries + hidden, stride, key_products);
    }
    for (ptrdiff_t q = 0; q < length; q += QUERY_BLOCK) {
        const ptrdiff_t rows = length - q < QUERY_BLOCK ? length - q : QUERY_BLOCK;
        multiply_panels(rows, width, queries + q * stride, stride, keys, key_panels, scores, score_stride);
        if (positions && positions->keys) {
            multiply_positions(
                positions, positions->keys[head], q - (length - 1), q + rows - 1, rows, queries + q * stride, stride,
                query_products);
            add_query_products(positions, q, rows, length, query_products, scores, score_stride);
        }
        if (positions && positions->queries) {
            add_key_products(positions, q, rows, length, key_products, scores, score_stride);
        }
        softmax(rows, length, score_stride, shape->scale, scores);
        multiply_panels(rows, length, scores, score_stride, values, value_panels, results, result_stride);
        for (ptrdiff_t r = 0; r < rows; r++) {
            float *to = out + (first + q + r) * hidden + head * width;
            memcpy(to, results + r * result_stride, (size_t)width * sizeof(float));
        }
    }
}

// One block of a linear layer (some rows, some panels), and the packing of its weights.

// MARK: Multiplying

INLINE void multiply_tile(
    const turnout_packed *w, const turnout_block *block, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t p, tile_output out
) {
    const float *x = block->x + row * block->x_stride;
    const char *panel = w->data + (size_t)p * w->panel_bytes;
    switch (w->storage) {
        case TURNOUT_STORAGE_FLOAT32: tile_float32(rows, w->inputs, x, block->x_stride, panel, out); break;
        case TURNOUT_STORAGE_BFLOAT16: tile_bfloat16(rows, w->inputs, x, block->x_stride, panel, out); break;
        default: {
            const ptrdiff_t pairs = (w->inputs + 1) / 2;
            const int32_t *quantised = (const int32_t *)(const void *)block->quantised + row * pairs;
            tile_int8(rows, pairs, quantised, panel, w->scale + p * w->groups * TILE_WIDTH, out);
        }
    }
}

// A whole tile is written where it belongs, bias and residual added on the way; activations follow while it is in the
// first-level cache. A tile cut off by the last output, or one whose residual must wait for the activation, takes the
// way round `edge`.
INLINE void block_tile(
    const turnout_packed *w, const turnout_block *block, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t p
) {
    const ptrdiff_t column = p * TILE_WIDTH;
    const ptrdiff_t width = w->outputs - column < TILE_WIDTH ? w->outputs - column : TILE_WIDTH;
    const bool active = block->activation != TURNOUT_ACTIVATION_NONE;
    const bool direct = width == TILE_WIDTH && !(active && block->residual);
    float edge[TILE_ROWS * TILE_WIDTH];
    float *y = block->y + row * block->y_stride + column;
    const float *residual = block->residual ? block->residual + row * block->y_stride + column : NULL;
    const tile_output out = {
        .row_scale = block->row_scale ? block->row_scale + row : NULL,
        .bias = w->bias + column,
        .residual = direct ? residual : NULL,
        .y = direct ? y : edge,
        .stride = direct ? block->y_stride : TILE_WIDTH,
    };
    multiply_tile(w, block, row, rows, p, out);
    for (ptrdiff_t r = 0; active && r < rows; r++) activate(block->activation, width, out.y + r * out.stride);
    for (ptrdiff_t r = 0; !direct && r < rows; r++) {
        for (ptrdiff_t c = 0; c < width; c++) {
            const ptrdiff_t place = r * block->y_stride + c;
            y[place] = edge[r * TILE_WIDTH + c] + (residual ? residual[place] : 0);
        }
    }
}

static void linear(const turnout_packed *w, const turnout_block *block) {
    for (ptrdiff_t p = block->first_panel; p < block->end_panel; p++) {
        for (ptrdiff_t row = block->first_row, rows; row < block->end_row; row += rows) {
            rows = tile_height(block->end_row - row);
            block_tile(w, block, row, rows, p);
        }
    }
}

// MARK: Packing

INLINE uint16_t to_bfloat16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (x != x) return (uint16_t)((bits >> 16) | 0x40);
    return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

static void pack_row(turnout_packed *w, ptrdiff_t output, const float *weights) {
    char *panel = w->data + (size_t)(output / TILE_WIDTH) * w->panel_bytes;
    const ptrdiff_t column = output % TILE_WIDTH, vector = column / LANES, lane = column % LANES;
    if (w->storage == TURNOUT_STORAGE_FLOAT32) {
        for (ptrdiff_t i = 0; i < w->inputs; i++) ((float *)(void *)panel)[i * TILE_WIDTH + column] = weights[i];
    } else if (w->storage == TURNOUT_STORAGE_BFLOAT16) {
        const ptrdiff_t place = (vector / 2 * LANES + lane) * 2 + vector % 2;
        for (ptrdiff_t i = 0; i < w->inputs; i++) {
            ((uint16_t *)(void *)panel)[i * TILE_WIDTH + place] = to_bfloat16(weights[i]);
        }
    } else {
        float *scales = w->scale + output / TILE_WIDTH * w->groups * TILE_WIDTH + column;
        for (ptrdiff_t g = 0; g < w->groups; g++) {
            const ptrdiff_t first = g * GROUP_INPUTS;
            const ptrdiff_t end = w->inputs - first < GROUP_INPUTS ? w->inputs : first + GROUP_INPUTS;
            float most = 0;
            for (ptrdiff_t i = first; i < end; i++) most = fmaxf(most, fabsf(weights[i]));
            const float scale = most > 0 ? most / 127 : 1;
            scales[g * TILE_WIDTH] = scale;
            for (ptrdiff_t i = first; i < end; i++) {
                panel[i / 2 * TILE_WIDTH * 2 + column * 2 + i % 2] = (char)lrintf(weights[i] / scale);
            }
        }
    }
}

static void pack(turnout_packed *w, ptrdiff_t first, ptrdiff_t count, const float *weights) {
    for (ptrdiff_t r = 0; r < count; r++) pack_row(w, first + r, weights + r * w->inputs);
}

/* PAD on elements of any type. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_PAD_H
#define TINYGEN_KERNELS_PORTABLE_PAD_H

#include "../copy.h"
#include "../fill.h"

/* Most loops of a table of borders. */
enum { TG_PAD_LEVELS = 6 };

/* levels: rows of the table, 1..TG_PAD_LEVELS; chunk: bytes that are copied between borders; value, element:
 * of the borders, as for tg_fill_elements. */
struct tg_pad_params {
    int32_t levels;
    int32_t chunk;
    int32_t value;
    int32_t element;
};

/* Copy a tensor into a larger one and fill the borders.
 *
 * borders: rows (bytes before, rounds, bytes after), outermost first: a round of a row is all of the next row,
 * a round of the last one is a chunk; output: written in memory order.
 * Source: PadImpl in tensorflow/lite/kernels/internal/reference/pad.h. */
static TG_INLINE void tg_pad(const void *input, void *output, const int32_t *borders, struct tg_pad_params p)
{
    const uint8_t *from = (const uint8_t *)input;
    uint8_t *to = (uint8_t *)output;
    int32_t rounds[TG_PAD_LEVELS] = {0};
    int32_t level = 0;
    while (level >= 0) {
        int32_t border = 0;
        for (; level < p.levels; ++level) {
            border += borders[3 * level];
        }
        tg_fill_elements(to, border, p.value, p.element);
        to += border;
        tg_copy_forward(to, from, p.chunk);
        to += p.chunk;
        from += p.chunk;
        border = 0;
        for (level = p.levels - 1; level >= 0 && ++rounds[level] == borders[3 * level + 1]; --level) {
            rounds[level] = 0;
            border += borders[3 * level + 2];
        }
        tg_fill_elements(to, border, p.value, p.element);
        to += border;
        /* The loop at `level` goes on; those inside it start again. */
        level = level < 0 ? level : level + 1;
    }
}

#endif

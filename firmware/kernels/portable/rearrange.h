/* REARRANGE on elements of any type. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_REARRANGE_H
#define TINYGEN_KERNELS_PORTABLE_REARRANGE_H

#include "../copy.h"
#include "../nest.h"

/* size: chunks of the innermost loop; step: units of the input from one of them to the next; levels: loops
 * around the innermost one; start, first: units and elements from the input's start to the first chunk; unit:
 * elements of the input, 1 or its pixel pitch; advance: elements of the output from one chunk to the next;
 * chunk: bytes that stay together; element: bytes of one; apart: input and output share no byte. */
struct tg_rearrange_params {
    int32_t size;
    int32_t step;
    int32_t levels;
    int32_t start;
    int32_t first;
    int32_t unit;
    int32_t advance;
    int32_t chunk;
    int32_t element;
    int32_t apart;
};

/* Copy one chunk. */
static TG_INLINE void tg_rearrange_chunk(uint8_t *to, const uint8_t *from, struct tg_rearrange_params p)
{
    if (p.apart) {
        memcpy(to, from, (size_t)p.chunk);
    } else {
        tg_copy_forward(to, from, p.chunk);
    }
}

/* Copy chunks from places in equal steps.
 *
 * input: the first unit; output: written in memory order. */
static TG_INLINE void tg_rearrange_run(const void *input, void *output, struct tg_rearrange_params p)
{
    const int32_t unit = p.unit * p.element;
    const uint8_t *from = (const uint8_t *)input + p.start * unit + p.first * p.element;
    uint8_t *to = (uint8_t *)output;
    for (int32_t i = 0; i < p.size; ++i) {
        tg_rearrange_chunk(to, from, p);
        to += p.advance * p.element;
        from += p.step * unit;
    }
}

/* As tg_rearrange_run, in loops.
 *
 * nest: the loops around the innermost one (tg_nest_next), moves in units.
 * Source: TransposeImpl and StridedSlice in tensorflow/lite/kernels/internal/reference/transpose.h and
 * strided_slice.h, of which this is the common form. */
static TG_INLINE void tg_rearrange(const void *input, void *output, const int32_t *nest,
                                   struct tg_rearrange_params p)
{
    uint8_t *to = (uint8_t *)output;
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_rearrange_run((const uint8_t *)input + at.offset1 * p.unit * p.element, to, p);
        to += p.size * p.advance * p.element;
    } while (tg_nest_next(&at, nest, p.levels));
}

/* As tg_rearrange, from places in lists.
 *
 * lists: for each loop, outermost first, its rounds and for each of them the units from where the loop around
 * it is; the innermost loop has a list too, so that p.size and p.step are not used. */
static TG_INLINE void tg_rearrange_listed(const void *input, void *output, const int32_t *lists,
                                          struct tg_rearrange_params p)
{
    const int32_t unit = p.unit * p.element;
    const uint8_t *const origin = (const uint8_t *)input + p.start * unit + p.first * p.element;
    uint8_t *to = (uint8_t *)output;
    const int32_t *list[TG_NEST_LEVELS] = {NULL};
    int32_t index[TG_NEST_LEVELS] = {0};
    int32_t at = 0;
    int32_t level = 0;
    for (; level < p.levels; ++level) {
        list[level] = lists + 1;
        at += lists[1];
        lists += 1 + lists[0];
    }
    do {
        for (int32_t i = 1; i <= lists[0]; ++i) {
            tg_rearrange_chunk(to, origin + (at + lists[i]) * unit, p);
            to += p.advance * p.element;
        }
        for (level = p.levels - 1; level >= 0; --level) {
            const int32_t *const row = list[level];
            at -= row[index[level]];
            if (++index[level] == row[-1]) {
                index[level] = 0;
            }
            at += row[index[level]];
            if (index[level] > 0) {
                break;
            }
        }
    } while (level >= 0);
}

#endif

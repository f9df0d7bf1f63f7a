/* DYNAMIC_UPDATE_SLICE on elements of any type. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_DYNAMIC_UPDATE_SLICE_H
#define TINYGEN_KERNELS_PORTABLE_DYNAMIC_UPDATE_SLICE_H

#include "../copy.h"
#include "../nest.h"

/* bytes: of the input; dims: of it; levels: loops over the update's chunks; chunk: bytes of the update that
 * stay together; wide: start indices are int64. */
struct tg_dynamic_update_slice_params {
    int32_t bytes;
    int32_t dims;
    int32_t levels;
    int32_t chunk;
    int32_t wide;
};

/* A start index limited to 0..last. */
static TG_INLINE int32_t tg_start_index(const void *start, int32_t i, int32_t wide, int32_t last)
{
    const int64_t index = wide ? ((const int64_t *)start)[i] : ((const int32_t *)start)[i];
    return index < 0 ? 0 : index < last ? (int32_t)index : last;
}

/* Copy the input, which may be the output already, and put the update into it.
 *
 * start: [dims]; table: for each dimension (last start index, bytes of the input from one index to the next),
 * then the loops over the update's chunks (tg_nest_next), moves in bytes of the input.
 * Source: EvalImpl in tensorflow/lite/micro/kernels/dynamic_update_slice.cc. */
static TG_INLINE void tg_dynamic_update_slice(const void *input, const void *update, const void *start,
                                              void *output, const int32_t *table,
                                              struct tg_dynamic_update_slice_params p)
{
    uint8_t *to = (uint8_t *)output;
    const uint8_t *from = (const uint8_t *)update;
    if (input != output) {
        tg_copy_forward(to, (const uint8_t *)input, p.bytes);
    }
    for (int32_t i = 0; i < p.dims; ++i) {
        to += tg_start_index(start, i, p.wide, table[2 * i]) * table[2 * i + 1];
    }
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_copy_forward(to + at.offset1, from, p.chunk);
        from += p.chunk;
    } while (tg_nest_next(&at, table + 2 * p.dims, p.levels));
}

#endif

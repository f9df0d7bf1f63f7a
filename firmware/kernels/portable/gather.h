/* GATHER by indices that are computed, of elements of any type. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_GATHER_H
#define TINYGEN_KERNELS_PORTABLE_GATHER_H

#include "../copy.h"

/* batches: of both inputs; outer: rounds between them and the axis; size: of the axis; count: indices of a
 * batch; row: bytes behind the axis. */
struct tg_gather_params {
    int32_t batches;
    int32_t outer;
    int32_t size;
    int32_t count;
    int32_t row;
};

/* Copy the rows that indices name; an index outside of the axis names the nearest one inside.
 *
 * input: [batches, outer, size, row]; indices: [batches, count]; output: [batches, outer, count, row].
 * Source: Gather in tensorflow/lite/micro/kernels/gather.cc, which leaves indices outside undefined. */
static TG_INLINE void tg_gather(const void *input, const int32_t *indices, void *output,
                                struct tg_gather_params p)
{
    const uint8_t *from = (const uint8_t *)input;
    uint8_t *to = (uint8_t *)output;
    for (int32_t batch = 0; batch < p.batches; ++batch) {
        for (int32_t outer = 0; outer < p.outer; ++outer) {
            for (int32_t i = 0; i < p.count; ++i) {
                const int32_t index = indices[i];
                const int32_t inside = index < 0 ? 0 : index < p.size ? index : p.size - 1;
                tg_copy_forward(to, from + inside * p.row, p.row);
                to += p.row;
            }
            from += p.size * p.row;
        }
        indices += p.count;
    }
}

#endif

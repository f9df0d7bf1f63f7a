/* GATHER_ND by indices that are computed, of elements of any type. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_GATHER_ND_H
#define TINYGEN_KERNELS_PORTABLE_GATHER_ND_H

#include "../copy.h"

/* slices: rows of indices; depth: indices in a row; last: bytes from the input's start to its last slice; row:
 * bytes of a slice. */
struct tg_gather_nd_params {
    int32_t slices;
    int32_t depth;
    int32_t last;
    int32_t row;
};

/* Copy the slices that rows of indices name; one outside of the input is the nearest one inside.
 *
 * indices: [slices, depth]; steps: [depth], bytes of the input from one index to the next.
 * Source: GatherNd in tensorflow/lite/micro/kernels/gather_nd.cc, which fails where a slice is outside. */
static TG_INLINE void tg_gather_nd(const void *input, const int32_t *indices, void *output,
                                   const int32_t *steps, struct tg_gather_nd_params p)
{
    uint8_t *to = (uint8_t *)output;
    for (int32_t slice = 0; slice < p.slices; ++slice) {
        uint32_t sum = 0;
        for (int32_t i = 0; i < p.depth; ++i) {
            sum += (uint32_t)indices[i] * (uint32_t)steps[i];
        }
        const int32_t at = (int32_t)sum;
        const int32_t inside = at < 0 ? 0 : at < p.last ? at : p.last;
        tg_copy_forward(to, (const uint8_t *)input + inside, p.row);
        to += p.row;
        indices += p.depth;
    }
}

#endif

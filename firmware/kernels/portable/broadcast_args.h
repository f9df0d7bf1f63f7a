/* BROADCAST_ARGS on shapes that are computed. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_BROADCAST_ARGS_H
#define TINYGEN_KERNELS_PORTABLE_BROADCAST_ARGS_H

#include "../common.h"

/* size1, size2: dimensions of the shapes; wide: they are int64. */
struct tg_broadcast_args_params {
    int32_t size1;
    int32_t size2;
    int32_t wide;
};

/* A dimension counted from the last one; 1 before the first. TFLM passes it through int, too. */
static TG_INLINE int32_t tg_dimension(const void *shape, int32_t size, int32_t from_last, int32_t wide)
{
    const int32_t i = size - 1 - from_last;
    if (i < 0) {
        return 1;
    }
    return wide ? (int32_t)((const int64_t *)shape)[i] : ((const int32_t *)shape)[i];
}

/* The larger of each two dimensions that are equal or of which one is 1; TFLM stops at others.
 *
 * first: [size1]; second: [size2]; output: [the larger size], written from the last element to the first.
 * Source: BroadcastArgs in tensorflow/lite/kernels/internal/reference/broadcast_args.h. */
static TG_INLINE void tg_broadcast_args(const void *first, const void *second, void *output,
                                        struct tg_broadcast_args_params p)
{
    const int32_t size = p.size1 > p.size2 ? p.size1 : p.size2;
    for (int32_t i = 0; i < size; ++i) {
        const int32_t one = tg_dimension(first, p.size1, i, p.wide);
        const int32_t dimension = one == 1 ? tg_dimension(second, p.size2, i, p.wide) : one;
        if (p.wide) {
            ((int64_t *)output)[size - 1 - i] = dimension;
        } else {
            ((int32_t *)output)[size - 1 - i] = dimension;
        }
    }
}

#endif

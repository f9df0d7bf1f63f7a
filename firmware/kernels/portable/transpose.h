/* TRANSPOSE on elements of any type. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_TRANSPOSE_H
#define TINYGEN_KERNELS_PORTABLE_TRANSPOSE_H

#include "../copy.h"
#include "../nest.h"

/* size: chunks of the innermost loop; step: bytes of the input from one of them to the next; chunk: bytes of
 * the input that stay together; levels: loops around the innermost one. */
struct tg_transpose_params {
    int32_t size;
    int32_t step;
    int32_t chunk;
    int32_t levels;
};

/* Put chunks into another order.
 *
 * nest: the loops around the innermost one (tg_nest_next), moves in bytes; output: written in memory order.
 * Source: TransposeImpl in tensorflow/lite/kernels/internal/reference/transpose.h. */
static TG_INLINE void tg_transpose(const void *input, void *output, const int32_t *nest,
                                   struct tg_transpose_params p)
{
    uint8_t *to = (uint8_t *)output;
    struct tg_nest at = {{0}, 0, 0};
    do {
        const uint8_t *from = (const uint8_t *)input + at.offset1;
        for (int32_t i = 0; i < p.size; ++i) {
            tg_copy_forward(to, from, p.chunk);
            to += p.chunk;
            from += p.step;
        }
    } while (tg_nest_next(&at, nest, p.levels));
}

#endif

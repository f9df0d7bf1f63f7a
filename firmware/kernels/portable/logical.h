/* LOGICAL_AND and LOGICAL_OR. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_LOGICAL_H
#define TINYGEN_KERNELS_PORTABLE_LOGICAL_H

#include "../nest.h"

/* size: elements of the innermost loop; step1, step2: elements from one of its rounds to the next, 0 for an
 * operand that is broadcast along it; levels: loops around it.
 *
 * either: 1 where one element that is true suffices, 0 where both have to be. */
struct tg_logical_params {
    int32_t size;
    int32_t step1;
    int32_t step2;
    int32_t levels;
    int32_t either;
};

/* Conjunctions or disjunctions of two operands that each run on or stay.
 *
 * input1, input2: [1 or size], bytes 0 or 1; output: [size], written in memory order. */
static TG_INLINE void tg_logical_b(const uint8_t *input1, const uint8_t *input2, uint8_t *output,
                                   struct tg_logical_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = (uint8_t)(p.either ? *input1 | *input2 : *input1 & *input2);
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* Conjunctions or disjunctions of two operands of shapes that broadcast.
 *
 * nest: the loops around the innermost one (tg_nest_next); output: written in memory order. */
static TG_INLINE void tg_logical_broadcast_b(const uint8_t *input1, const uint8_t *input2, uint8_t *output,
                                             const int32_t *nest, struct tg_logical_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_logical_b(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

#endif

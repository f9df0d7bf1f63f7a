/* SELECT_V2 on elements of 1, 2 or 4 bytes. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_SELECT_V2_H
#define TINYGEN_KERNELS_PORTABLE_SELECT_V2_H

#include "../nest.h"

/* size: elements of the innermost loop; step, step1, step2: elements of the condition and of both inputs from
 * one of its rounds to the next, 0 for an operand that is broadcast along it; levels: loops around it.
 *
 * bytes: of an element. */
struct tg_select_v2_params {
    int32_t size;
    int32_t step;
    int32_t step1;
    int32_t step2;
    int32_t levels;
    int32_t bytes;
};

/* Elements of input 1 where the condition holds, of input 2 where not; each operand runs on or stays.
 *
 * condition: [1 or size], bytes 0 or 1; input1, input2: [1 or size]; output: [size], written in memory order. */
static TG_INLINE void tg_select_v2(const uint8_t *condition, const void *input1, const void *input2,
                                   void *output, struct tg_select_v2_params p)
{
    const uint8_t *first = (const uint8_t *)input1;
    const uint8_t *second = (const uint8_t *)input2;
    uint8_t *to = (uint8_t *)output;
    for (int32_t i = 0; i < p.size; ++i) {
        /* Through a buffer: memcpy must not be given the same place twice. */
        uint8_t element[4];
        memcpy(element, *condition != 0 ? first : second, (size_t)p.bytes);
        memcpy(to, element, (size_t)p.bytes);
        condition += p.step;
        first += p.step1 * p.bytes;
        second += p.step2 * p.bytes;
        to += p.bytes;
    }
}

/* The same of shapes that broadcast.
 *
 * nest, condition_nest: the loops around the innermost one, of both inputs and of the condition
 * (tg_nest_next); output: written in memory order. */
static TG_INLINE void tg_select_v2_broadcast(const uint8_t *condition, const void *input1, const void *input2,
                                             void *output, const int32_t *nest,
                                             const int32_t *condition_nest, struct tg_select_v2_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    struct tg_nest condition_at = {{0}, 0, 0};
    uint8_t *to = (uint8_t *)output;
    do {
        tg_select_v2(condition + condition_at.offset1, (const uint8_t *)input1 + at.offset1 * p.bytes,
                     (const uint8_t *)input2 + at.offset2 * p.bytes, to, p);
        to += p.size * p.bytes;
        (void)tg_nest_next(&condition_at, condition_nest, p.levels);
    } while (tg_nest_next(&at, nest, p.levels));
}

#endif

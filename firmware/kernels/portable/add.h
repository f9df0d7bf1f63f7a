/* ADD on int8. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_ADD_H
#define TINYGEN_KERNELS_PORTABLE_ADD_H

#include "../nest.h"
#include "../requantize.h"

/* size: elements of the innermost loop; step1, step2: elements from one of its rounds to the next, 0 for an
 * operand that is broadcast along it; levels: loops around it.
 *
 * Input 1 is the one of the larger scale: it only shifts. Input 2 is scaled to it by multiplier2, shift2 after
 * a shift by left2; their sum is scaled to the output by multiplier, shift, any_scale (as for tg_output_s8). */
struct tg_add_params {
    int32_t size;
    int32_t step1;
    int32_t step2;
    int32_t levels;
    int32_t zero1;
    int32_t zero2;
    int32_t left2;
    int32_t multiplier2;
    int32_t shift2;
    int32_t multiplier;
    int32_t shift;
    int32_t any_scale;
    int32_t zero;
    int32_t lowest;
    int32_t highest;
};

/* The sum of two operands that each run on or stay.
 *
 * input1, input2: [1 or size]; output: [size], written in memory order. Source: AddFunc in
 * tensorflow/lite/kernels/internal/reference/integer_ops/add.h, whose factor of the operand of the larger
 * scale is always exactly one half: (2^20 x) / 2 without a rounding. */
static TG_INLINE void tg_add_s8(const int8_t *input1, const int8_t *input2, int8_t *output,
                                struct tg_add_params p)
{
    const int32_t unit1 = (int32_t)1 << 19;
    const int32_t unit2 = (int32_t)1 << p.left2;
    const int32_t offset1 = p.zero1 * unit1;
    const int32_t offset2 = p.zero2 * unit2;
    for (int32_t i = 0; i < p.size; ++i) {
        const int32_t value1 = *input1 * unit1 - offset1;
        const int32_t value2 = *input2 * unit2 - offset2;
        const int32_t sum = value1 + tg_requantize_down(value2, p.multiplier2, p.shift2);
        output[i] = tg_output_s8(sum, p.multiplier, p.shift, p.any_scale, p.zero, p.lowest, p.highest);
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* The sum of two operands of shapes that broadcast.
 *
 * nest: the loops around the innermost one (tg_nest_next); output: written in memory order. */
static TG_INLINE void tg_add_broadcast_s8(const int8_t *input1, const int8_t *input2, int8_t *output,
                                          const int32_t *nest, struct tg_add_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_add_s8(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

#endif

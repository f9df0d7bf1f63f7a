/* MUL on int8 and int16. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_MUL_H
#define TINYGEN_KERNELS_PORTABLE_MUL_H

#include "../nest.h"
#include "../requantize.h"

/* size: elements of the innermost loop; step1, step2: elements from one of its rounds to the next, 0 for an
 * operand that is broadcast along it; levels: loops around it.
 *
 * multiplier, shift, any_scale: the product's scale over the output's (as for tg_output_s8). On int16 zero
 * points are 0, and any_scale is set: the product of two lowest values is 2^30. */
struct tg_mul_params {
    int32_t size;
    int32_t step1;
    int32_t step2;
    int32_t levels;
    int32_t zero1;
    int32_t zero2;
    int32_t multiplier;
    int32_t shift;
    int32_t any_scale;
    int32_t zero;
    int32_t lowest;
    int32_t highest;
};

/* Products of two operands that each run on or stay.
 *
 * input1, input2: [1 or size]; output: [size], written in memory order.
 * Source: MulElementwise in tensorflow/lite/kernels/internal/reference/integer_ops/mul.h. */
static TG_INLINE void tg_mul_s8(const int8_t *input1, const int8_t *input2, int8_t *output,
                                struct tg_mul_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        const int32_t product = (*input1 - p.zero1) * (*input2 - p.zero2);
        output[i] = tg_output_s8(product, p.multiplier, p.shift, p.any_scale, p.zero, p.lowest, p.highest);
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* Products of two operands of shapes that broadcast.
 *
 * nest: the loops around the innermost one (tg_nest_next); output: written in memory order. */
static TG_INLINE void tg_mul_broadcast_s8(const int8_t *input1, const int8_t *input2, int8_t *output,
                                          const int32_t *nest, struct tg_mul_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_mul_s8(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

/* tg_mul_s8 on int16. */
static TG_INLINE void tg_mul_s16(const int16_t *input1, const int16_t *input2, int16_t *output,
                                 struct tg_mul_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        const int32_t product = *input1 * *input2;
        output[i] = tg_output_s16(product, p.multiplier, p.shift, p.any_scale, p.lowest, p.highest);
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* tg_mul_broadcast_s8 on int16. */
static TG_INLINE void tg_mul_broadcast_s16(const int16_t *input1, const int16_t *input2, int16_t *output,
                                           const int32_t *nest, struct tg_mul_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_mul_s16(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

#endif

/* SQUARED_DIFFERENCE on int8 and int16. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_SQUARED_DIFFERENCE_H
#define TINYGEN_KERNELS_PORTABLE_SQUARED_DIFFERENCE_H

#include "../nest.h"
#include "../requantize.h"

/* size: elements of the innermost loop; step1, step2: elements from one of its rounds to the next, 0 for an
 * operand that is broadcast along it; levels: loops around it.
 *
 * Operands first gain `left` bits, 7 of int8 and 0 of int16, and are then brought to the same scale by
 * multiplier1, shift1 and multiplier2, shift2; the square is brought to the output's by multiplier, shift (as
 * for tg_requantize). On int16 zero points are 0. */
struct tg_squared_difference_params {
    int32_t size;
    int32_t step1;
    int32_t step2;
    int32_t levels;
    int32_t left;
    int32_t zero1;
    int32_t multiplier1;
    int32_t shift1;
    int32_t zero2;
    int32_t multiplier2;
    int32_t shift2;
    int32_t multiplier;
    int32_t shift;
    int32_t zero;
};

/* One squared difference in the accumulator's scale, 0..2^30.
 *
 * Source: SquaredDifference in tensorflow/lite/micro/kernels/squared_difference.cc. */
static TG_INLINE int32_t tg_squared_difference_of(int32_t x1, int32_t x2,
                                                  struct tg_squared_difference_params p)
{
    const int32_t unit = (int32_t)1 << p.left;
    const int32_t value1 = tg_requantize((x1 - p.zero1) * unit, p.multiplier1, p.shift1);
    const int32_t value2 = tg_requantize((x2 - p.zero2) * unit, p.multiplier2, p.shift2);
    return (value1 - value2) * (value1 - value2);
}

/* Squared differences of two operands that each run on or stay.
 *
 * input1, input2: [1 or size]; output: [size], written in memory order. */
static TG_INLINE void tg_squared_difference_s8(const int8_t *input1, const int8_t *input2, int8_t *output,
                                               struct tg_squared_difference_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        const int32_t square = tg_squared_difference_of(*input1, *input2, p);
        output[i] = tg_output_s8(square, p.multiplier, p.shift, 1, p.zero, INT8_MIN, INT8_MAX);
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* Squared differences of two operands of shapes that broadcast.
 *
 * nest: the loops around the innermost one (tg_nest_next); output: written in memory order. */
static TG_INLINE void tg_squared_difference_broadcast_s8(const int8_t *input1, const int8_t *input2,
                                                         int8_t *output, const int32_t *nest,
                                                         struct tg_squared_difference_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_squared_difference_s8(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

/* tg_squared_difference_s8 on int16. */
static TG_INLINE void tg_squared_difference_s16(const int16_t *input1, const int16_t *input2, int16_t *output,
                                                struct tg_squared_difference_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        const int32_t square = tg_squared_difference_of(*input1, *input2, p);
        output[i] = tg_output_s16(square, p.multiplier, p.shift, 1, INT16_MIN, INT16_MAX);
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* tg_squared_difference_broadcast_s8 on int16. */
static TG_INLINE void tg_squared_difference_broadcast_s16(const int16_t *input1, const int16_t *input2,
                                                          int16_t *output, const int32_t *nest,
                                                          struct tg_squared_difference_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_squared_difference_s16(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

#endif

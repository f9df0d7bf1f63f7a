/* ADD and SUB on int8 and int16. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_ADD_H
#define TINYGEN_KERNELS_PORTABLE_ADD_H

#include "../nest.h"
#include "../requantize.h"

/* size: elements of the innermost loop; step1, step2: elements from one of its rounds to the next, 0 for an
 * operand that is broadcast along it; levels: loops around it.
 *
 * Operands first gain `left` bits, 20 of int8 and 15 of int16. Input 1 is the one of the larger scale, which
 * TFLM then halves: exactly. So it does with input 2 where `same_scale` is set; else that one is scaled by
 * multiplier2, shift2 (as for tg_requantize_down). sign1, sign2: 1, or -1 for what is subtracted. The sum is
 * scaled to the output by multiplier, shift, any_scale (as for tg_output_s8). On int16 zero points are 0. */
struct tg_add_params {
    int32_t size;
    int32_t step1;
    int32_t step2;
    int32_t levels;
    int32_t left;
    int32_t sign1;
    int32_t sign2;
    int32_t zero1;
    int32_t zero2;
    int32_t same_scale;
    int32_t multiplier2;
    int32_t shift2;
    int32_t multiplier;
    int32_t shift;
    int32_t any_scale;
    int32_t zero;
    int32_t lowest;
    int32_t highest;
};

/* The sum or difference of two elements in the accumulator's scale: -2^30..2^30 - 1.
 *
 * Source: AddFunc in tensorflow/lite/kernels/internal/reference/integer_ops/add.h and SubElementwise in
 * tensorflow/lite/kernels/internal/reference/sub.h. */
static TG_INLINE int32_t tg_add_accumulated(int32_t x1, int32_t x2, struct tg_add_params p)
{
    const int32_t half = (int32_t)1 << (p.left - 1);
    const int32_t whole = (int32_t)1 << p.left;
    const int32_t value1 = x1 * half - p.zero1 * half;
    const int32_t value2 = p.same_scale
                               ? x2 * half - p.zero2 * half
                               : tg_requantize_down(x2 * whole - p.zero2 * whole, p.multiplier2, p.shift2);
    return p.sign1 * value1 + p.sign2 * value2;
}

/* Sums of two operands that each run on or stay.
 *
 * input1, input2: [1 or size]; output: [size], written in memory order. */
static TG_INLINE void tg_add_s8(const int8_t *input1, const int8_t *input2, int8_t *output,
                                struct tg_add_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        const int32_t sum = tg_add_accumulated(*input1, *input2, p);
        output[i] = tg_output_s8(sum, p.multiplier, p.shift, p.any_scale, p.zero, p.lowest, p.highest);
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* Sums of two operands of shapes that broadcast.
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

/* tg_add_s8 on int16. */
static TG_INLINE void tg_add_s16(const int16_t *input1, const int16_t *input2, int16_t *output,
                                 struct tg_add_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        const int32_t sum = tg_add_accumulated(*input1, *input2, p);
        output[i] = tg_output_s16(sum, p.multiplier, p.shift, p.any_scale, p.lowest, p.highest);
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* tg_add_broadcast_s8 on int16. */
static TG_INLINE void tg_add_broadcast_s16(const int16_t *input1, const int16_t *input2, int16_t *output,
                                           const int32_t *nest, struct tg_add_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_add_s16(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

#endif

/* Arithmetic of two operands that hold plain numbers, int32 or float32. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_ARITHMETIC_H
#define TINYGEN_KERNELS_PORTABLE_ARITHMETIC_H

#include <math.h>

#include "../nest.h"
#include "../requantize.h"

/* What is computed of a and b, as a number for a template's constants. */
enum tg_arithmetic {
    TG_SUM,
    TG_DIFFERENCE,
    TG_PRODUCT,
    TG_QUOTIENT,
    TG_SQUARED_DIFFERENCE,
    TG_FLOOR_QUOTIENT,
    TG_FLOOR_REMAINDER
};

/* size: elements of the innermost loop; step1, step2: elements from one of its rounds to the next, 0 for an
 * operand that is broadcast along it; levels: loops around it.
 *
 * operation: one of tg_arithmetic; sums, differences, products and quotients are limited to lowest..highest,
 * the range that the fused activation leaves. */
struct tg_arithmetic_params {
    int32_t size;
    int32_t step1;
    int32_t step2;
    int32_t levels;
    int32_t operation;
    int32_t lowest;
    int32_t highest;
};

/* The same for float32. */
struct tg_arithmetic_f32_params {
    int32_t size;
    int32_t step1;
    int32_t step2;
    int32_t levels;
    int32_t operation;
    float lowest;
    float highest;
};

/* a / b towards zero, wrapped around; a zero divisor, which TFLM leaves undefined, gives 0. */
static TG_INLINE int32_t tg_quotient_s32(int32_t a, int32_t b)
{
    if (b == 0) {
        return 0;
    }
    return b == -1 ? (int32_t)(0U - (uint32_t)a) : a / b;
}

/* One element; what leaves int32 wraps around.
 *
 * Sources: add.h, sub.h, mul.h and div.h in tensorflow/lite/kernels/internal/reference, and
 * tensorflow/lite/micro/kernels/squared_difference.cc. */
static TG_INLINE int32_t tg_arithmetic_of_s32(int32_t a, int32_t b, struct tg_arithmetic_params p)
{
    const uint32_t difference = (uint32_t)a - (uint32_t)b;
    switch (p.operation) {
    case TG_SUM:
        return tg_clamp((int32_t)((uint32_t)a + (uint32_t)b), p.lowest, p.highest);
    case TG_DIFFERENCE:
        return tg_clamp((int32_t)difference, p.lowest, p.highest);
    case TG_PRODUCT:
        return tg_clamp((int32_t)((uint32_t)a * (uint32_t)b), p.lowest, p.highest);
    case TG_QUOTIENT:
        return tg_clamp(tg_quotient_s32(a, b), p.lowest, p.highest);
    default:
        return (int32_t)(difference * difference);
    }
}

/* v limited to lowest..highest; NaN stays. */
static TG_INLINE float tg_limit_f32(float v, float lowest, float highest)
{
    if (v < lowest) {
        v = lowest;
    }
    if (v > highest) {
        v = highest;
    }
    return v;
}

/* a - b floor(a / b): the remainder with the sign of b. */
static TG_INLINE float tg_floor_remainder_f32(float a, float b)
{
    const float remainder = fmodf(a, b);
    return remainder != 0.0f && (b < 0.0f) != (remainder < 0.0f) ? remainder + b : remainder;
}

/* One element.
 *
 * Sources: as for tg_arithmetic_of_s32; floor_div.h, which divides in double, and floor_mod.h. */
static TG_INLINE float tg_arithmetic_of_f32(float a, float b, struct tg_arithmetic_f32_params p)
{
    switch (p.operation) {
    case TG_SUM:
        return tg_limit_f32(a + b, p.lowest, p.highest);
    case TG_DIFFERENCE:
        return tg_limit_f32(a - b, p.lowest, p.highest);
    case TG_PRODUCT:
        return tg_limit_f32(a * b, p.lowest, p.highest);
    case TG_QUOTIENT:
        return tg_limit_f32(a / b, p.lowest, p.highest);
    case TG_FLOOR_QUOTIENT:
        return (float)floor((double)a / (double)b);
    case TG_FLOOR_REMAINDER:
        return tg_floor_remainder_f32(a, b);
    default:
        return (a - b) * (a - b);
    }
}

/* Results of two operands that each run on or stay.
 *
 * input1, input2: [1 or size]; output: [size], written in memory order. */
static TG_INLINE void tg_arithmetic_s32(const int32_t *input1, const int32_t *input2, int32_t *output,
                                        struct tg_arithmetic_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = tg_arithmetic_of_s32(*input1, *input2, p);
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* Results of two operands of shapes that broadcast.
 *
 * nest: the loops around the innermost one (tg_nest_next); output: written in memory order. */
static TG_INLINE void tg_arithmetic_broadcast_s32(const int32_t *input1, const int32_t *input2,
                                                  int32_t *output, const int32_t *nest,
                                                  struct tg_arithmetic_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_arithmetic_s32(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

/* tg_arithmetic_s32 on float32. */
static TG_INLINE void tg_arithmetic_f32(const float *input1, const float *input2, float *output,
                                        struct tg_arithmetic_f32_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = tg_arithmetic_of_f32(*input1, *input2, p);
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* tg_arithmetic_broadcast_s32 on float32. */
static TG_INLINE void tg_arithmetic_broadcast_f32(const float *input1, const float *input2, float *output,
                                                  const int32_t *nest, struct tg_arithmetic_f32_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_arithmetic_f32(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

#endif

/* MAXIMUM and MINIMUM on integers and float32. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_MAXIMUM_MINIMUM_H
#define TINYGEN_KERNELS_PORTABLE_MAXIMUM_MINIMUM_H

#include "../nest.h"

/* size: elements of the innermost loop; step1, step2: elements from one of its rounds to the next, 0 for an
 * operand that is broadcast along it; levels: loops around it.
 *
 * maximum: 1 for the larger element, 0 for the smaller one. Of two that do not compare, NaN among them, it is
 * the second. Source: tensorflow/lite/micro/kernels/maximum_minimum.h. */
struct tg_maximum_minimum_params {
    int32_t size;
    int32_t step1;
    int32_t step2;
    int32_t levels;
    int32_t maximum;
};

/* Larger or smaller elements of two operands that each run on or stay.
 *
 * input1, input2: [1 or size]; output: [size], written in memory order. */
static TG_INLINE void tg_maximum_minimum_s8(const int8_t *input1, const int8_t *input2, int8_t *output,
                                            struct tg_maximum_minimum_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = (p.maximum ? *input1 > *input2 : *input1 < *input2) ? *input1 : *input2;
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* Larger or smaller elements of two operands of shapes that broadcast.
 *
 * nest: the loops around the innermost one (tg_nest_next); output: written in memory order. */
static TG_INLINE void tg_maximum_minimum_broadcast_s8(const int8_t *input1, const int8_t *input2,
                                                      int8_t *output, const int32_t *nest,
                                                      struct tg_maximum_minimum_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_maximum_minimum_s8(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

/* tg_maximum_minimum_s8 on int16. */
static TG_INLINE void tg_maximum_minimum_s16(const int16_t *input1, const int16_t *input2, int16_t *output,
                                             struct tg_maximum_minimum_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = (p.maximum ? *input1 > *input2 : *input1 < *input2) ? *input1 : *input2;
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* tg_maximum_minimum_broadcast_s8 on int16. */
static TG_INLINE void tg_maximum_minimum_broadcast_s16(const int16_t *input1, const int16_t *input2,
                                                       int16_t *output, const int32_t *nest,
                                                       struct tg_maximum_minimum_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_maximum_minimum_s16(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

/* tg_maximum_minimum_s8 on int32. */
static TG_INLINE void tg_maximum_minimum_s32(const int32_t *input1, const int32_t *input2, int32_t *output,
                                             struct tg_maximum_minimum_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = (p.maximum ? *input1 > *input2 : *input1 < *input2) ? *input1 : *input2;
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* tg_maximum_minimum_broadcast_s8 on int32. */
static TG_INLINE void tg_maximum_minimum_broadcast_s32(const int32_t *input1, const int32_t *input2,
                                                       int32_t *output, const int32_t *nest,
                                                       struct tg_maximum_minimum_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_maximum_minimum_s32(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

/* tg_maximum_minimum_s8 on int64. */
static TG_INLINE void tg_maximum_minimum_s64(const int64_t *input1, const int64_t *input2, int64_t *output,
                                             struct tg_maximum_minimum_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = (p.maximum ? *input1 > *input2 : *input1 < *input2) ? *input1 : *input2;
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* tg_maximum_minimum_broadcast_s8 on int64. */
static TG_INLINE void tg_maximum_minimum_broadcast_s64(const int64_t *input1, const int64_t *input2,
                                                       int64_t *output, const int32_t *nest,
                                                       struct tg_maximum_minimum_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_maximum_minimum_s64(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

/* tg_maximum_minimum_s8 on float32. */
static TG_INLINE void tg_maximum_minimum_f32(const float *input1, const float *input2, float *output,
                                             struct tg_maximum_minimum_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = (p.maximum ? *input1 > *input2 : *input1 < *input2) ? *input1 : *input2;
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* tg_maximum_minimum_broadcast_s8 on float32. */
static TG_INLINE void tg_maximum_minimum_broadcast_f32(const float *input1, const float *input2,
                                                       float *output, const int32_t *nest,
                                                       struct tg_maximum_minimum_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_maximum_minimum_f32(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

#endif

/* Comparisons. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_COMPARISONS_H
#define TINYGEN_KERNELS_PORTABLE_COMPARISONS_H

#include "../nest.h"
#include "../requantize.h"

/* size: elements of the innermost loop; step1, step2: elements from one of its rounds to the next, 0 for an
 * operand that is broadcast along it; levels: loops around it.
 *
 * less, equal, otherwise: the result, 0 or 1, where the first element is less than the second, equal to it, or
 * neither. NaN is neither, so that "greater" has to be "less" of the operands the other way round.
 * Source: tensorflow/lite/kernels/internal/reference/comparisons.h. */
struct tg_comparison_params {
    int32_t size;
    int32_t step1;
    int32_t step2;
    int32_t levels;
    int32_t less;
    int32_t equal;
    int32_t otherwise;
};

/* The same of int8 elements in unlike scales: 256 times their real values, rounded, are compared.
 *
 * zero1, multiplier1, shift1 and zero2, multiplier2, shift2: of the operands (as for tg_requantize). */
struct tg_comparison_s8_params {
    int32_t size;
    int32_t step1;
    int32_t step2;
    int32_t levels;
    int32_t less;
    int32_t equal;
    int32_t otherwise;
    int32_t zero1;
    int32_t multiplier1;
    int32_t shift1;
    int32_t zero2;
    int32_t multiplier2;
    int32_t shift2;
};

/* Comparisons of two operands that each run on or stay.
 *
 * input1, input2: [1 or size]; output: [size], written in memory order. */
static TG_INLINE void tg_comparison_b(const uint8_t *input1, const uint8_t *input2, uint8_t *output,
                                      struct tg_comparison_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = (uint8_t)(*input1 < *input2 ? p.less : *input1 == *input2 ? p.equal : p.otherwise);
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* Comparisons of two operands of shapes that broadcast.
 *
 * nest: the loops around the innermost one (tg_nest_next); output: written in memory order. */
static TG_INLINE void tg_comparison_broadcast_b(const uint8_t *input1, const uint8_t *input2, uint8_t *output,
                                                const int32_t *nest, struct tg_comparison_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_comparison_b(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

/* tg_comparison_b on int32. */
static TG_INLINE void tg_comparison_s32(const int32_t *input1, const int32_t *input2, uint8_t *output,
                                        struct tg_comparison_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = (uint8_t)(*input1 < *input2 ? p.less : *input1 == *input2 ? p.equal : p.otherwise);
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* tg_comparison_broadcast_b on int32. */
static TG_INLINE void tg_comparison_broadcast_s32(const int32_t *input1, const int32_t *input2,
                                                  uint8_t *output, const int32_t *nest,
                                                  struct tg_comparison_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_comparison_s32(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

/* tg_comparison_b on int64. */
static TG_INLINE void tg_comparison_s64(const int64_t *input1, const int64_t *input2, uint8_t *output,
                                        struct tg_comparison_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = (uint8_t)(*input1 < *input2 ? p.less : *input1 == *input2 ? p.equal : p.otherwise);
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* tg_comparison_broadcast_b on int64. */
static TG_INLINE void tg_comparison_broadcast_s64(const int64_t *input1, const int64_t *input2,
                                                  uint8_t *output, const int32_t *nest,
                                                  struct tg_comparison_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_comparison_s64(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

/* tg_comparison_b on float32. */
static TG_INLINE void tg_comparison_f32(const float *input1, const float *input2, uint8_t *output,
                                        struct tg_comparison_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = (uint8_t)(*input1 < *input2 ? p.less : *input1 == *input2 ? p.equal : p.otherwise);
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* tg_comparison_broadcast_b on float32. */
static TG_INLINE void tg_comparison_broadcast_f32(const float *input1, const float *input2, uint8_t *output,
                                                  const int32_t *nest, struct tg_comparison_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_comparison_f32(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

/* The comparison of two int8 elements. */
static TG_INLINE uint8_t tg_comparison_of_s8(int32_t x1, int32_t x2, struct tg_comparison_s8_params p)
{
    const int32_t value1 = tg_requantize((x1 - p.zero1) * 256, p.multiplier1, p.shift1);
    const int32_t value2 = tg_requantize((x2 - p.zero2) * 256, p.multiplier2, p.shift2);
    return (uint8_t)(value1 < value2 ? p.less : value1 == value2 ? p.equal : p.otherwise);
}

/* tg_comparison_b on int8. */
static TG_INLINE void tg_comparison_s8(const int8_t *input1, const int8_t *input2, uint8_t *output,
                                       struct tg_comparison_s8_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = tg_comparison_of_s8(*input1, *input2, p);
        input1 += p.step1;
        input2 += p.step2;
    }
}

/* tg_comparison_broadcast_b on int8. */
static TG_INLINE void tg_comparison_broadcast_s8(const int8_t *input1, const int8_t *input2, uint8_t *output,
                                                 const int32_t *nest, struct tg_comparison_s8_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_comparison_s8(input1 + at.offset1, input2 + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

#endif

/* PRELU on int8, int16 and float32. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_PRELU_H
#define TINYGEN_KERNELS_PORTABLE_PRELU_H

#include "../nest.h"
#include "../requantize.h"

/* size: elements of the innermost loop; step1, step2: elements from one of its rounds to the next, 0 for an
 * operand that is broadcast along it; levels: loops around it.
 *
 * above: factor of values at or above zero; below: factor of products with the slope (as for
 * tg_requantize). */
struct tg_prelu_params {
    int32_t size;
    int32_t step1;
    int32_t step2;
    int32_t levels;
    int32_t input_zero;
    int32_t alpha_zero;
    int32_t multiplier_above;
    int32_t shift_above;
    int32_t multiplier_below;
    int32_t shift_below;
    int32_t output_zero;
};

/* A value, below zero times its slope, at the output's scale and zero point.
 *
 * Source: BroadcastPrelu4DSlow in tensorflow/lite/kernels/internal/reference/prelu.h. */
static TG_INLINE int32_t tg_prelu_value(int32_t input, int32_t alpha, struct tg_prelu_params p)
{
    const int32_t value = input - p.input_zero;
    const int32_t scaled =
        value >= 0 ? tg_requantize(value, p.multiplier_above, p.shift_above)
                   : tg_requantize(value * (alpha - p.alpha_zero), p.multiplier_below, p.shift_below);
    return (int32_t)((uint32_t)scaled + (uint32_t)p.output_zero);
}

/* PRELU of int8 values.
 *
 * input: [1 or size]; alpha, the slopes: [1 or size]; output: [size], written in memory order. */
static TG_INLINE void tg_prelu_s8(const int8_t *input, const int8_t *alpha, int8_t *output,
                                  struct tg_prelu_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = (int8_t)tg_clamp(tg_prelu_value(*input, *alpha, p), INT8_MIN, INT8_MAX);
        input += p.step1;
        alpha += p.step2;
    }
}

/* tg_prelu_s8 with slopes that broadcast.
 *
 * nest: the loops around the innermost one (tg_nest_next); output: written in memory order. */
static TG_INLINE void tg_prelu_broadcast_s8(const int8_t *input, const int8_t *alpha, int8_t *output,
                                            const int32_t *nest, struct tg_prelu_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_prelu_s8(input + at.offset1, alpha + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

/* PRELU of int16 values, with int8 slopes.
 *
 * input: [1 or size]; alpha, the slopes: [1 or size]; output: [size], written in memory order. */
static TG_INLINE void tg_prelu_s16(const int16_t *input, const int8_t *alpha, int16_t *output,
                                   struct tg_prelu_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = (int16_t)tg_clamp(tg_prelu_value(*input, *alpha, p), INT16_MIN, INT16_MAX);
        input += p.step1;
        alpha += p.step2;
    }
}

/* tg_prelu_s16 with slopes that broadcast.
 *
 * nest: the loops around the innermost one (tg_nest_next); output: written in memory order. */
static TG_INLINE void tg_prelu_broadcast_s16(const int16_t *input, const int8_t *alpha, int16_t *output,
                                             const int32_t *nest, struct tg_prelu_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_prelu_s16(input + at.offset1, alpha + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

/* size, step1, step2, levels: as of tg_prelu_params. */
struct tg_prelu_f32_params {
    int32_t size;
    int32_t step1;
    int32_t step2;
    int32_t levels;
};

/* PRELU of real values.
 *
 * input: [1 or size]; alpha, the slopes: [1 or size]; output: [size], written in memory order.
 * Source: BroadcastPrelu4DSlowFloat in tensorflow/lite/micro/kernels/prelu_common.cc. */
static TG_INLINE void tg_prelu_f32(const float *input, const float *alpha, float *output,
                                   struct tg_prelu_f32_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = *input >= 0.0f ? *input : *input * *alpha;
        input += p.step1;
        alpha += p.step2;
    }
}

/* tg_prelu_f32 with slopes that broadcast.
 *
 * nest: the loops around the innermost one (tg_nest_next); output: written in memory order. */
static TG_INLINE void tg_prelu_broadcast_f32(const float *input, const float *alpha, float *output,
                                             const int32_t *nest, struct tg_prelu_f32_params p)
{
    struct tg_nest at = {{0}, 0, 0};
    do {
        tg_prelu_f32(input + at.offset1, alpha + at.offset2, output, p);
        output += p.size;
    } while (tg_nest_next(&at, nest, p.levels));
}

#endif

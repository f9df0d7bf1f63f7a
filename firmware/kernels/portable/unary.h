/* Unary functions: ABS and RSQRT on int16, LOGICAL_NOT, and all of them on float32. C99 and C++17.
 *
 * On int8 ABS and RSQRT are tables (../lookup.h). Every template goes once through [size] elements and writes
 * them in memory order. */
#ifndef TINYGEN_KERNELS_PORTABLE_UNARY_H
#define TINYGEN_KERNELS_PORTABLE_UNARY_H

#include <math.h>

#include "../fixed_point.h"

/* size: elements. */
struct tg_unary_params {
    int32_t size;
};

/* size: elements; multiplier, shift: as for tg_requantize. */
struct tg_unary_s16_params {
    int32_t size;
    int32_t multiplier;
    int32_t shift;
};

/* ABS on int16, zero points 0; multiplier, shift: the input's scale over the output's.
 *
 * Source: AbsEvalQuantized in tensorflow/lite/micro/kernels/elementwise.cc. */
static TG_INLINE void tg_abs_s16(const int16_t *input, int16_t *output, struct tg_unary_s16_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        const int32_t magnitude = input[i] < 0 ? -input[i] : input[i];
        const int32_t scaled = tg_requantize(magnitude, p.multiplier, p.shift);
        output[i] = (int16_t)tg_clamp(scaled, INT16_MIN, INT16_MAX);
    }
}

/* LOGICAL_NOT; input, output: [size], each byte 0 or 1. */
static TG_INLINE void tg_logical_not_b(const uint8_t *input, uint8_t *output, struct tg_unary_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = input[i] == 0;
    }
}

/* The sign bit cleared. */
static TG_INLINE void tg_abs_f32(const float *input, float *output, struct tg_unary_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = fabsf(input[i]);
    }
}

/* The sign bit inverted. */
static TG_INLINE void tg_neg_f32(const float *input, float *output, struct tg_unary_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = -input[i];
    }
}

/* Squares. */
static TG_INLINE void tg_square_f32(const float *input, float *output, struct tg_unary_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = input[i] * input[i];
    }
}

/* Square roots. */
static TG_INLINE void tg_sqrt_f32(const float *input, float *output, struct tg_unary_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = sqrtf(input[i]);
    }
}

/* Inverses of square roots, rounded twice. */
static TG_INLINE void tg_rsqrt_f32(const float *input, float *output, struct tg_unary_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = 1.0f / sqrtf(input[i]);
    }
}

/* Exponentials. */
static TG_INLINE void tg_exp_f32(const float *input, float *output, struct tg_unary_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = expf(input[i]);
    }
}

/* Natural logarithms. */
static TG_INLINE void tg_log_f32(const float *input, float *output, struct tg_unary_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = logf(input[i]);
    }
}

/* Sines of angles in radians. */
static TG_INLINE void tg_sin_f32(const float *input, float *output, struct tg_unary_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = sinf(input[i]);
    }
}

/* Cosines of angles in radians. */
static TG_INLINE void tg_cos_f32(const float *input, float *output, struct tg_unary_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = cosf(input[i]);
    }
}

/* The next integers towards minus infinity. */
static TG_INLINE void tg_floor_f32(const float *input, float *output, struct tg_unary_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = floorf(input[i]);
    }
}

/* The next integers towards infinity. */
static TG_INLINE void tg_ceil_f32(const float *input, float *output, struct tg_unary_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = ceilf(input[i]);
    }
}

/* The nearest integers, halves to even ones.
 *
 * Source: RoundToNearest in tensorflow/lite/kernels/internal/reference/round.h. */
static TG_INLINE void tg_round_f32(const float *input, float *output, struct tg_unary_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        const float below = floorf(input[i]);
        const float fraction = input[i] - below;
        const float half = 0.5f * below;
        const int even = half == floorf(half);
        output[i] = fraction < 0.5f || (fraction == 0.5f && even) ? below : below + 1.0f;
    }
}

#endif

/* QUANTIZE: float32 to int8, int8 to int8 of another scale. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_QUANTIZE_H
#define TINYGEN_KERNELS_PORTABLE_QUANTIZE_H

#include "../requantize.h"

/* size: elements; scale, zero: of the output. */
struct tg_quantize_params {
    int32_t size;
    int32_t zero;
    float scale;
};

/* The nearest int8 to value / scale + zero, halves away from zero, saturated; NaN gives zero.
 *
 * The quotient is limited first, so that its conversion to an integer is defined for every value; the
 * fraction is exact, so that the rounding is roundf's without libm. */
static TG_INLINE int8_t tg_quantize_value(float value, float scale, int32_t zero)
{
    const float lowest = (float)(INT8_MIN - zero);
    const float highest = (float)(INT8_MAX - zero);
    float quotient = value / scale;
    if (quotient != quotient) {
        quotient = 0.0f;
    }
    if (quotient < lowest) {
        quotient = lowest;
    }
    if (quotient > highest) {
        quotient = highest;
    }
    int32_t whole = (int32_t)quotient;
    const float fraction = quotient - (float)whole;
    if (fraction >= 0.5f) {
        ++whole;
    }
    if (fraction <= -0.5f) {
        --whole;
    }
    return (int8_t)(whole + zero);
}

/* Quantize real values.
 *
 * input: [size], real; output: [size], quantized, written in memory order.
 * Source: AffineQuantize in tensorflow/lite/kernels/internal/reference/quantize.h, which does not define
 * quotients beyond int32; here they saturate. */
static TG_INLINE void tg_quantize_f32_s8(const float *input, int8_t *output, struct tg_quantize_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = tg_quantize_value(input[i], p.scale, p.zero);
    }
}

/* size: elements; multiplier, shift: the input's scale over the output's (as for tg_requantize). */
struct tg_quantize_s8_params {
    int32_t size;
    int32_t input_zero;
    int32_t multiplier;
    int32_t shift;
    int32_t output_zero;
};

/* Bring quantized values to another scale and zero point.
 *
 * input, output: [size], written in memory order.
 * Source: Requantize in tensorflow/lite/kernels/internal/reference/requantize.h. */
static TG_INLINE void tg_quantize_s8_s8(const int8_t *input, int8_t *output, struct tg_quantize_s8_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        const int32_t scaled = tg_requantize(input[i] - p.input_zero, p.multiplier, p.shift);
        output[i] = (int8_t)tg_clamp(scaled + p.output_zero, INT8_MIN, INT8_MAX);
    }
}

#endif

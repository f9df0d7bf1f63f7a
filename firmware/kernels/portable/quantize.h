/* QUANTIZE: float32 to int8 or int16, integers to integers of another scale. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_QUANTIZE_H
#define TINYGEN_KERNELS_PORTABLE_QUANTIZE_H

#include "../elements.h"
#include "../requantize.h"

/* size: elements; scale, zero: of the output. */
struct tg_quantize_params {
    int32_t size;
    int32_t zero;
    float scale;
};

/* The integer nearest to value / scale + zero, halves away from zero, limited to lowest..highest; NaN gives
 * zero. lowest, highest: of up to 16 bits, as is zero.
 *
 * The quotient is limited first, so that its conversion to an integer is defined for every value; the
 * fraction is exact, so that the rounding is roundf's without libm. */
static TG_INLINE int32_t tg_quantize_value(float value, struct tg_quantize_params p, int32_t lowest,
                                           int32_t highest)
{
    const float least = (float)(lowest - p.zero);
    const float greatest = (float)(highest - p.zero);
    float quotient = value / p.scale;
    if (quotient != quotient) {
        quotient = 0.0f;
    }
    if (quotient < least) {
        quotient = least;
    }
    if (quotient > greatest) {
        quotient = greatest;
    }
    int32_t whole = (int32_t)quotient;
    const float fraction = quotient - (float)whole;
    if (fraction >= 0.5f) {
        ++whole;
    }
    if (fraction <= -0.5f) {
        --whole;
    }
    return whole + p.zero;
}

/* Quantize real values.
 *
 * input: [size], real; output: [size], quantized, written in memory order.
 * Source: AffineQuantize in tensorflow/lite/kernels/internal/reference/quantize.h, which does not define
 * quotients beyond int32; here they saturate. */
static TG_INLINE void tg_quantize_f32_s8(const float *input, int8_t *output, struct tg_quantize_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = (int8_t)tg_quantize_value(input[i], p, INT8_MIN, INT8_MAX);
    }
}

/* tg_quantize_f32_s8 to int16. */
static TG_INLINE void tg_quantize_f32_s16(const float *input, int16_t *output, struct tg_quantize_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = (int16_t)tg_quantize_value(input[i], p, INT16_MIN, INT16_MAX);
    }
}

/* size: elements; from, to: types of the elements (TG_S8 ...); backwards: 1 to go from the last element to
 * the first; multiplier, shift: the input's scale over the output's (as for tg_requantize). */
struct tg_rescale_params {
    int32_t size;
    int32_t from;
    int32_t to;
    int32_t backwards;
    int32_t input_zero;
    int32_t multiplier;
    int32_t shift;
    int32_t output_zero;
};

/* Bring quantized values to another scale, zero point and type.
 *
 * input, output: [size]. Sums that leave int32 wrap around.
 * Source: Requantize in tensorflow/lite/kernels/internal/reference/requantize.h. */
static TG_INLINE void tg_rescale(const void *input, void *output, struct tg_rescale_params p)
{
    for (int32_t round = 0; round < p.size; ++round) {
        const int32_t i = p.backwards ? p.size - 1 - round : round;
        const int32_t value = (int32_t)((uint32_t)tg_load(input, i, p.from) - (uint32_t)p.input_zero);
        const int32_t scaled = tg_requantize(value, p.multiplier, p.shift);
        tg_store(output, i, p.to, (int32_t)((uint32_t)scaled + (uint32_t)p.output_zero));
    }
}

#endif

/* RELU and RELU6 on int8, int16 and float32. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_RELU_H
#define TINYGEN_KERNELS_PORTABLE_RELU_H

#include "../requantize.h"

/* size: elements; multiplier, shift: the input's scale over the output's (as for tg_requantize). */
struct tg_relu_params {
    int32_t size;
    int32_t input_zero;
    int32_t multiplier;
    int32_t shift;
    int32_t output_zero;
};

/* A value below zero as zero, with a change of scale; highest: of the output's type.
 *
 * Source: ReluQuantized in tensorflow/lite/micro/kernels/activations.h. */
static TG_INLINE int32_t tg_relu_value(int32_t value, int32_t highest, struct tg_relu_params p)
{
    const int32_t scaled = tg_requantize(value - p.input_zero, p.multiplier, p.shift);
    return tg_clamp((int32_t)((uint32_t)scaled + (uint32_t)p.output_zero), p.output_zero, highest);
}

/* Values below zero become zero, with a change of scale.
 *
 * input, output: [size], written in memory order. */
static TG_INLINE void tg_relu_s8(const int8_t *input, int8_t *output, struct tg_relu_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = (int8_t)tg_relu_value(input[i], INT8_MAX, p);
    }
}

/* tg_relu_s8 on int16. */
static TG_INLINE void tg_relu_s16(const int16_t *input, int16_t *output, struct tg_relu_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = (int16_t)tg_relu_value(input[i], INT16_MAX, p);
    }
}

/* size: elements; lowest, highest: quantized limits. */
struct tg_relu6_params {
    int32_t size;
    int32_t lowest;
    int32_t highest;
};

/* Values limited to lowest..highest, the scale unchanged.
 *
 * input, output: [size], written in memory order.
 * Source: Relu6Quantized in tensorflow/lite/micro/kernels/activations.h. */
static TG_INLINE void tg_relu6_s8(const int8_t *input, int8_t *output, struct tg_relu6_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = (int8_t)tg_clamp(input[i], p.lowest, p.highest);
    }
}

/* tg_relu6_s8 on int16. */
static TG_INLINE void tg_relu6_s16(const int16_t *input, int16_t *output, struct tg_relu6_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = (int16_t)tg_clamp(input[i], p.lowest, p.highest);
    }
}

/* size: elements. */
struct tg_relu_f32_params {
    int32_t size;
};

/* Real values below zero become zero; NaN and -0.0 stay as they are.
 *
 * input, output: [size], written in memory order.
 * Source: ReluFloat in tensorflow/lite/micro/kernels/activations_common.cc. */
static TG_INLINE void tg_relu_f32(const float *input, float *output, struct tg_relu_f32_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = input[i] < 0.0f ? 0.0f : input[i];
    }
}

/* Real values limited to 0..6; NaN and -0.0 stay as they are.
 *
 * input, output: [size], written in memory order.
 * Source: Relu6Float in tensorflow/lite/micro/kernels/activations_common.cc. */
static TG_INLINE void tg_relu6_f32(const float *input, float *output, struct tg_relu_f32_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        const float value = input[i];
        output[i] = value > 6.0f ? 6.0f : value < 0.0f ? 0.0f : value;
    }
}

#endif

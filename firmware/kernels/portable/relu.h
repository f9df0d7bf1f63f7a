/* RELU and RELU6 on int8. C99 and C++17. */
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

/* Values below zero become zero, with a change of scale.
 *
 * input, output: [size], written in memory order.
 * Source: ReluQuantized in tensorflow/lite/micro/kernels/activations.h. */
static TG_INLINE void tg_relu_s8(const int8_t *input, int8_t *output, struct tg_relu_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        const int32_t scaled = tg_requantize(input[i] - p.input_zero, p.multiplier, p.shift);
        output[i] = (int8_t)tg_clamp(scaled + p.output_zero, p.output_zero, INT8_MAX);
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

#endif

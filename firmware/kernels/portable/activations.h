/* Activations that are curves, on int16 and float32; on int8 they are tables (../lookup.h). C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_ACTIVATIONS_H
#define TINYGEN_KERNELS_PORTABLE_ACTIVATIONS_H

#include <math.h>

#include "../lookup.h"
#include "../requantize.h"

/* size: elements; multiplier, shift: from the input to units of 1/12288, rounded, shift to the right 0..31. */
struct tg_sigmoid_params {
    int32_t size;
    int32_t multiplier;
    int32_t shift;
};

/* An int16 value in units of 1/12288. */
static TG_INLINE int32_t tg_sigmoid_input(int32_t value, struct tg_sigmoid_params p)
{
    const int32_t half = p.shift > 0 ? (int32_t)1 << (p.shift - 1) : 0;
    return (value * p.multiplier + half) >> p.shift;
}

/* LOGISTIC on int16, output scale 1/32768.
 *
 * input, output: [size], written in memory order; table: [256], 65536 / (1 + e^-x) at x = i/24.
 * Source: Logistic in tensorflow/lite/kernels/internal/reference/integer_ops/logistic.h. */
static TG_INLINE void tg_logistic_s16(const int16_t *input, int16_t *output, const uint16_t *table,
                                      struct tg_sigmoid_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        const int32_t x = tg_sigmoid_input(input[i], p);
        const uint32_t magnitude = (uint32_t)(x < 0 ? -x : x);
        const uint32_t index = magnitude >> 9;
        uint32_t result = (uint32_t)INT16_MAX << 10;
        if (index < 255) {
            const uint32_t slope = (uint32_t)table[index + 1] - table[index];
            result = ((uint32_t)table[index] << 9) + (magnitude & 511) * slope;
        }
        result = x < 0 ? ((uint32_t)1 << 25) - result + 511 : result + 512;
        output[i] = (int16_t)(result >> 10);
    }
}

/* TANH on int16, output scale 1/32768: twice the sigmoid of twice the value, less one.
 *
 * input, output: [size], written in memory order; table: as for tg_logistic_s16.
 * Source: Tanh in tensorflow/lite/kernels/internal/reference/integer_ops/tanh.h. */
static TG_INLINE void tg_tanh_s16(const int16_t *input, int16_t *output, const uint16_t *table,
                                  struct tg_sigmoid_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        const int32_t x = tg_sigmoid_input(input[i], p);
        const int32_t magnitude = x < 0 ? -x : x;
        const int32_t index = magnitude >> 8;
        int32_t result = (int32_t)UINT16_MAX << 8;
        if (index < 255) {
            const int32_t slope = table[index + 1] - table[index];
            result = table[index] * 256 + (magnitude & 255) * slope;
        }
        result -= (int32_t)1 << 23;
        output[i] = (int16_t)((x < 0 ? 127 - result : 128 + result) >> 8);
    }
}

/* size: elements; above: factor of values at or above zero, below: factor of those below, of which
 * `negative` says the sign (as for tg_requantize). */
struct tg_leaky_relu_params {
    int32_t size;
    int32_t input_zero;
    int32_t multiplier_above;
    int32_t shift_above;
    int32_t multiplier_below;
    int32_t shift_below;
    int32_t negative;
    int32_t output_zero;
};

/* LEAKY_RELU on int16.
 *
 * input, output: [size], written in memory order.
 * Source: QuantizeLeakyRelu in tensorflow/lite/kernels/internal/reference/leaky_relu.h. */
static TG_INLINE void tg_leaky_relu_s16(const int16_t *input, int16_t *output, struct tg_leaky_relu_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        const int32_t value = input[i] - p.input_zero;
        int32_t scaled;
        if (value >= 0) {
            scaled = tg_requantize(value, p.multiplier_above, p.shift_above);
        } else {
            scaled = tg_requantize(value, p.multiplier_below, p.shift_below);
            scaled = p.negative ? -scaled : scaled;
        }
        const int32_t moved = (int32_t)((uint32_t)scaled + (uint32_t)p.output_zero);
        output[i] = (int16_t)tg_clamp(moved, INT16_MIN, INT16_MAX);
    }
}

/* size: elements; alpha: slope below zero. */
struct tg_leaky_relu_f32_params {
    int32_t size;
    float alpha;
};

/* LEAKY_RELU of real values.
 *
 * input, output: [size], written in memory order.
 * Source: LeakyRelu in tensorflow/lite/kernels/internal/reference/leaky_relu.h. */
static TG_INLINE void tg_leaky_relu_f32(const float *input, float *output, struct tg_leaky_relu_f32_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = input[i] > 0.0f ? input[i] : input[i] * p.alpha;
    }
}

/* size: elements. */
struct tg_curve_params {
    int32_t size;
};

/* LOGISTIC of real values.
 *
 * input, output: [size], written in memory order.
 * Source: Logistic in tensorflow/lite/kernels/internal/reference/logistic.h, with its limits. */
static TG_INLINE void tg_logistic_f32(const float *input, float *output, struct tg_curve_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        const float value = input[i];
        if (value > 16.619047164916992188f) {
            output[i] = 1.0f;
        } else if (value < -9.0f) {
            output[i] = expf(value);
        } else {
            output[i] = 1.0f / (1.0f + expf(-value));
        }
    }
}

/* TANH of real values.
 *
 * input, output: [size], written in memory order. */
static TG_INLINE void tg_tanh_f32(const float *input, float *output, struct tg_curve_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = tanhf(input[i]);
    }
}

/* ELU of real values.
 *
 * input, output: [size], written in memory order.
 * Source: Elu in tensorflow/lite/kernels/internal/reference/elu.h. */
static TG_INLINE void tg_elu_f32(const float *input, float *output, struct tg_curve_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = input[i] < 0.0f ? expm1f(input[i]) : input[i];
    }
}

/* HARD_SWISH of real values.
 *
 * input, output: [size], written in memory order.
 * Source: HardSwish in tensorflow/lite/kernels/internal/reference/hard_swish.h. */
static TG_INLINE void tg_hard_swish_f32(const float *input, float *output, struct tg_curve_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        const float ramp = input[i] + 3.0f;
        const float above = 0.0f < ramp ? ramp : 0.0f;
        output[i] = input[i] * (above < 6.0f ? above : 6.0f) / 6.0f;
    }
}

#endif

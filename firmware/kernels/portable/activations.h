/* Activations that are curves, on int16 and float32; on int8 they are tables (../lookup.h). C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_ACTIVATIONS_H
#define TINYGEN_KERNELS_PORTABLE_ACTIVATIONS_H

#include <math.h>

#include "../lookup.h"
#include "../requantize.h"
#include "../sigmoid.h"

/* size: elements; multiplier, shift: from the input to units of 1/12288, rounded, shift to the right 0..31. */
struct tg_sigmoid_params {
    int32_t size;
    int32_t multiplier;
    int32_t shift;
};

/* LOGISTIC on int16, output scale 1/32768.
 *
 * input, output: [size], written in memory order; table: as for tg_sigmoid_s16. */
static TG_INLINE void tg_logistic_s16(const int16_t *input, int16_t *output, const uint16_t *table,
                                      struct tg_sigmoid_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = tg_sigmoid_s16(tg_sigmoid_input(input[i], p.multiplier, p.shift), table);
    }
}

/* TANH on int16, output scale 1/32768.
 *
 * input, output: [size], written in memory order; table: as for tg_sigmoid_s16. */
static TG_INLINE void tg_tanh_s16(const int16_t *input, int16_t *output, const uint16_t *table,
                                  struct tg_sigmoid_params p)
{
    for (int32_t i = 0; i < p.size; ++i) {
        output[i] = tg_hyperbolic_tangent_s16(tg_sigmoid_input(input[i], p.multiplier, p.shift), table);
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

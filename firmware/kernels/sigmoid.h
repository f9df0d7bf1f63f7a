/* The sigmoid and the hyperbolic tangent of int16 values by one table, as TFLM computes them. C99 and C++17.
 *
 * The table has 256 entries: 65536 / (1 + e^-x) at x = i/24. Results are in units of 1/32768. */
#ifndef TINYGEN_KERNELS_SIGMOID_H
#define TINYGEN_KERNELS_SIGMOID_H

#include "common.h"

/* A value times multiplier / 2^shift, rounded: in units of 1/12288; shift: 0..31. */
static TG_INLINE int32_t tg_sigmoid_input(int32_t value, int32_t multiplier, int32_t shift)
{
    const int32_t half = shift > 0 ? (int32_t)1 << (shift - 1) : 0;
    return (value * multiplier + half) >> shift;
}

/* 1 / (1 + e^-x); x: in units of 1/12288.
 *
 * Source: Logistic in tensorflow/lite/kernels/internal/reference/integer_ops/logistic.h. */
static TG_INLINE int16_t tg_sigmoid_s16(int32_t x, const uint16_t *table)
{
    const uint32_t magnitude = (uint32_t)(x < 0 ? -x : x);
    const uint32_t index = magnitude >> 9;
    uint32_t result = (uint32_t)INT16_MAX << 10;
    if (index < 255) {
        const uint32_t slope = (uint32_t)table[index + 1] - table[index];
        result = ((uint32_t)table[index] << 9) + (magnitude & 511) * slope;
    }
    result = x < 0 ? ((uint32_t)1 << 25) - result + 511 : result + 512;
    return (int16_t)(result >> 10);
}

/* tanh(x), as twice the sigmoid of twice the value, less one; x: in units of 1/12288.
 *
 * Source: Tanh in tensorflow/lite/kernels/internal/reference/integer_ops/tanh.h. */
static TG_INLINE int16_t tg_hyperbolic_tangent_s16(int32_t x, const uint16_t *table)
{
    const int32_t magnitude = x < 0 ? -x : x;
    const int32_t index = magnitude >> 8;
    int32_t result = (int32_t)UINT16_MAX << 8;
    if (index < 255) {
        const int32_t slope = table[index + 1] - table[index];
        result = table[index] * 256 + (magnitude & 255) * slope;
    }
    result -= (int32_t)1 << 23;
    return (int16_t)((x < 0 ? 127 - result : 128 + result) >> 8);
}

#endif

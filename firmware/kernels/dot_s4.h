/* Dot products of int8 vectors with filters of 4 bits a weight, two weights a byte, the first in the low
 * bits; four filters are interleaved as in dot_s8.h, so that two bytes hold the weights for one x[k].
 * C99 and C++17. */
#ifndef TINYGEN_KERNELS_DOT_S4_H
#define TINYGEN_KERNELS_DOT_S4_H

#include "common.h"

/* The weight in the low four bits of `bits`. */
static TG_INLINE int32_t tg_low_s4(uint32_t bits)
{
    return (int32_t)(bits << 28) >> 28;
}

/* Weight `index` of an array of them. */
static TG_INLINE int32_t tg_weight_s4(const uint8_t *w, int32_t index)
{
    return tg_low_s4((uint32_t)w[index >> 1] >> (4 * (index & 1)));
}

/* acc[i] += sum over k < n of x[k] * weight 4 k + i, for i < 4. */
static TG_INLINE void tg_dot_4_s8_s4(int32_t acc[4], const int8_t *x, const uint8_t *w, int32_t n)
{
    for (const int8_t *const end = x + n; x != end; ++x, w += 2) {
        const int32_t value = *x;
        acc[0] += value * tg_low_s4(w[0]);
        acc[1] += value * tg_low_s4((uint32_t)w[0] >> 4);
        acc[2] += value * tg_low_s4(w[1]);
        acc[3] += value * tg_low_s4((uint32_t)w[1] >> 4);
    }
}

/* acc[i] += sum over k < n of x[k] * weight 4 k + i and acc[4 + i] += the same of y, for i < 4. */
static TG_INLINE void tg_dot_4x2_s8_s4(int32_t acc[8], const int8_t *x, const int8_t *y, const uint8_t *w,
                                       int32_t n)
{
    for (const int8_t *const end = x + n; x != end; ++x, ++y, w += 2) {
        const int32_t w0 = tg_low_s4(w[0]);
        const int32_t w1 = tg_low_s4((uint32_t)w[0] >> 4);
        const int32_t w2 = tg_low_s4(w[1]);
        const int32_t w3 = tg_low_s4((uint32_t)w[1] >> 4);
        acc[0] += *x * w0;
        acc[4] += *y * w0;
        acc[1] += *x * w1;
        acc[5] += *y * w1;
        acc[2] += *x * w2;
        acc[6] += *y * w2;
        acc[3] += *x * w3;
        acc[7] += *y * w3;
    }
}

/* acc[i] += x * sum over k < n of weight 4 k + i, for i < 4. */
static TG_INLINE void tg_sum_4_s4(int32_t acc[4], int32_t x, const uint8_t *w, int32_t n)
{
    for (const uint8_t *const end = w + 2 * n; w != end; w += 2) {
        acc[0] += x * tg_low_s4(w[0]);
        acc[1] += x * tg_low_s4((uint32_t)w[0] >> 4);
        acc[2] += x * tg_low_s4(w[1]);
        acc[3] += x * tg_low_s4((uint32_t)w[1] >> 4);
    }
}

/* The sum over k < n of x[k] * weight first + k. */
static TG_INLINE int32_t tg_dot_s8_s4(const int8_t *x, const uint8_t *w, int32_t first, int32_t n)
{
    int32_t acc = 0;
    for (int32_t k = 0; k < n; ++k) {
        acc += x[k] * tg_weight_s4(w, first + k);
    }
    return acc;
}

/* The sum over k < n of weight first + k. */
static TG_INLINE int32_t tg_sum_s4(const uint8_t *w, int32_t first, int32_t n)
{
    int32_t sum = 0;
    for (int32_t k = 0; k < n; ++k) {
        sum += tg_weight_s4(w, first + k);
    }
    return sum;
}

#endif

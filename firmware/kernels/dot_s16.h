/* Dot products of int16 vectors with four interleaved int8 filters, as in dot_s8.h: w[4 k + i] is filter i's
 * weight for x[k]. Accumulators have 32 bits where the caller knows that they suffice, else 64 ("wide").
 * C99 and C++17. */
#ifndef TINYGEN_KERNELS_DOT_S16_H
#define TINYGEN_KERNELS_DOT_S16_H

#include "dot_s8.h"

/* acc[i] += sum over k < n of x[k] * w[4 k + i], for i < 4. */
static TG_INLINE void tg_dot_4_s16(int32_t acc[4], const int16_t *x, const int8_t *w, int32_t n)
{
    for (const int16_t *const end = x + (n & ~3); x != end; x += 4, w += 16) {
        tg_mac_4_s8(acc, x[0], w);
        tg_mac_4_s8(acc, x[1], w + 4);
        tg_mac_4_s8(acc, x[2], w + 8);
        tg_mac_4_s8(acc, x[3], w + 12);
    }
    for (const int16_t *const end = x + (n & 3); x != end; ++x, w += 4) {
        tg_mac_4_s8(acc, x[0], w);
    }
}

/* acc[i] += sum over k < n of x[k] * w[4 k + i] and acc[4 + i] += the same of y, for i < 4. */
static TG_INLINE void tg_dot_4x2_s16(int32_t acc[8], const int16_t *x, const int16_t *y, const int8_t *w,
                                     int32_t n)
{
    for (const int16_t *const end = x + (n & ~3); x != end; x += 4, y += 4, w += 16) {
        tg_mac_4x2_s8(acc, x[0], y[0], w);
        tg_mac_4x2_s8(acc, x[1], y[1], w + 4);
        tg_mac_4x2_s8(acc, x[2], y[2], w + 8);
        tg_mac_4x2_s8(acc, x[3], y[3], w + 12);
    }
    for (const int16_t *const end = x + (n & 3); x != end; ++x, ++y, w += 4) {
        tg_mac_4x2_s8(acc, x[0], y[0], w);
    }
}

/* The sum over k < n of x[k] * w[k]. */
static TG_INLINE int32_t tg_dot_s16(const int16_t *x, const int8_t *w, int32_t n)
{
    int32_t acc = 0;
    for (const int16_t *const end = x + n; x != end; ++x, ++w) {
        acc += *x * *w;
    }
    return acc;
}

/* tg_dot_4_s16 with accumulators of 64 bits. */
static TG_INLINE void tg_dot_4_s16_wide(int64_t acc[4], const int16_t *x, const int8_t *w, int32_t n)
{
    for (const int16_t *const end = x + n; x != end; ++x, w += 4) {
        acc[0] += (int64_t)*x * w[0];
        acc[1] += (int64_t)*x * w[1];
        acc[2] += (int64_t)*x * w[2];
        acc[3] += (int64_t)*x * w[3];
    }
}

/* tg_dot_s16 with an accumulator of 64 bits. */
static TG_INLINE int64_t tg_dot_s16_wide(const int16_t *x, const int8_t *w, int32_t n)
{
    int64_t acc = 0;
    for (const int16_t *const end = x + n; x != end; ++x, ++w) {
        acc += (int64_t)*x * *w;
    }
    return acc;
}

#endif

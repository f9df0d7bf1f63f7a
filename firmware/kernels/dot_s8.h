/* Dot products of int8 vectors with four interleaved filters: w[4 k + i] is filter i's weight for x[k].
 *
 * Interleaving leaves one pointer to the weights, so that the accumulators of two pixels stay in registers.
 * Four steps of k share one test of the loop. C99 and C++17. */
#ifndef TINYGEN_KERNELS_DOT_S8_H
#define TINYGEN_KERNELS_DOT_S8_H

#include "common.h"

/* One step of tg_dot_4_s8. */
static TG_INLINE void tg_mac_4_s8(int32_t acc[4], int32_t x, const int8_t *w)
{
    acc[0] += x * w[0];
    acc[1] += x * w[1];
    acc[2] += x * w[2];
    acc[3] += x * w[3];
}

/* One step of tg_dot_4x2_s8. */
static TG_INLINE void tg_mac_4x2_s8(int32_t acc[8], int32_t x, int32_t y, const int8_t *w)
{
    const int32_t w0 = w[0];
    const int32_t w1 = w[1];
    const int32_t w2 = w[2];
    const int32_t w3 = w[3];
    acc[0] += x * w0;
    acc[4] += y * w0;
    acc[1] += x * w1;
    acc[5] += y * w1;
    acc[2] += x * w2;
    acc[6] += y * w2;
    acc[3] += x * w3;
    acc[7] += y * w3;
}

/* acc[i] += sum over k < n of x[k] * w[4 k + i], for i < 4. */
static TG_INLINE void tg_dot_4_s8(int32_t acc[4], const int8_t *x, const int8_t *w, int32_t n)
{
    for (const int8_t *const end = x + (n & ~3); x != end; x += 4, w += 16) {
        tg_mac_4_s8(acc, x[0], w);
        tg_mac_4_s8(acc, x[1], w + 4);
        tg_mac_4_s8(acc, x[2], w + 8);
        tg_mac_4_s8(acc, x[3], w + 12);
    }
    for (const int8_t *const end = x + (n & 3); x != end; ++x, w += 4) {
        tg_mac_4_s8(acc, x[0], w);
    }
}

/* acc[i] += sum over k < n of (x[k] - zero_point) * w[4 k + i], for i < 4. */
static TG_INLINE void tg_centred_dot_4_s8(int32_t acc[4], const int8_t *x, int32_t zero_point,
                                          const int8_t *w, int32_t n)
{
    for (const int8_t *const end = x + n; x != end; ++x, w += 4) {
        tg_mac_4_s8(acc, *x - zero_point, w);
    }
}

/* acc[i] += sum over k < n of x[k] * w[4 k + i] and acc[4 + i] += the same of y, for i < 4. */
static TG_INLINE void tg_dot_4x2_s8(int32_t acc[8], const int8_t *x, const int8_t *y, const int8_t *w,
                                    int32_t n)
{
    for (const int8_t *const end = x + (n & ~3); x != end; x += 4, y += 4, w += 16) {
        tg_mac_4x2_s8(acc, x[0], y[0], w);
        tg_mac_4x2_s8(acc, x[1], y[1], w + 4);
        tg_mac_4x2_s8(acc, x[2], y[2], w + 8);
        tg_mac_4x2_s8(acc, x[3], y[3], w + 12);
    }
    for (const int8_t *const end = x + (n & 3); x != end; ++x, ++y, w += 4) {
        tg_mac_4x2_s8(acc, x[0], y[0], w);
    }
}
/* acc[i] += x * sum over k < n of w[4 k + i], for i < 4: n taps that all read x. */
static TG_INLINE void tg_sum_4_s8(int32_t acc[4], int32_t x, const int8_t *w, int32_t n)
{
    int32_t sum[4] = {0, 0, 0, 0};
    for (const int8_t *const end = w + 4 * n; w != end; w += 4) {
        sum[0] += w[0];
        sum[1] += w[1];
        sum[2] += w[2];
        sum[3] += w[3];
    }
    acc[0] += x * sum[0];
    acc[1] += x * sum[1];
    acc[2] += x * sum[2];
    acc[3] += x * sum[3];
}

/* The sum over k < n of x[k] * w[k]. */
static TG_INLINE int32_t tg_dot_s8(const int8_t *x, const int8_t *w, int32_t n)
{
    int32_t acc = 0;
    for (const int8_t *const end = x + n; x != end; ++x, ++w) {
        acc += *x * *w;
    }
    return acc;
}

/* The sum over k < n of w[k]. */
static TG_INLINE int32_t tg_sum_s8(const int8_t *w, int32_t n)
{
    int32_t sum = 0;
    for (const int8_t *const end = w + n; w != end; ++w) {
        sum += *w;
    }
    return sum;
}

#endif

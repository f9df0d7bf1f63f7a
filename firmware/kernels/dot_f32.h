/* Dot products of float vectors with four interleaved filters, as in dot_s8.h: w[4 k + i] is filter i's
 * weight for x[k]. Every accumulator takes its products one after the other, in the order of k: the sums are
 * those of TFLM's reference kernels, bit for bit. C99 and C++17. */
#ifndef TINYGEN_KERNELS_DOT_F32_H
#define TINYGEN_KERNELS_DOT_F32_H

#include "common.h"

/* acc[i] += sum over k < n of x[k] * w[4 k + i], for i < 4. */
static TG_INLINE void tg_dot_4_f32(float acc[4], const float *x, const float *w, int32_t n)
{
    for (const float *const end = x + n; x != end; ++x, w += 4) {
        acc[0] += *x * w[0];
        acc[1] += *x * w[1];
        acc[2] += *x * w[2];
        acc[3] += *x * w[3];
    }
}

/* acc[i] += sum over k < n of x[k] * w[4 k + i] and acc[4 + i] += the same of y, for i < 4. */
static TG_INLINE void tg_dot_4x2_f32(float acc[8], const float *x, const float *y, const float *w, int32_t n)
{
    for (const float *const end = x + n; x != end; ++x, ++y, w += 4) {
        acc[0] += *x * w[0];
        acc[4] += *y * w[0];
        acc[1] += *x * w[1];
        acc[5] += *y * w[1];
        acc[2] += *x * w[2];
        acc[6] += *y * w[2];
        acc[3] += *x * w[3];
        acc[7] += *y * w[3];
    }
}

/* acc + sum over k < n of x[k] * w[k]. */
static TG_INLINE float tg_dot_f32(float acc, const float *x, const float *w, int32_t n)
{
    for (const float *const end = x + n; x != end; ++x, ++w) {
        acc += *x * *w;
    }
    return acc;
}

/* v limited to lo..hi as TFLM does: infinities become finite, NaN stays.
 *
 * Source: ActivationFunctionWithMinMax in tensorflow/lite/kernels/internal/common.h. */
static TG_INLINE float tg_clamp_f32(float v, float lo, float hi)
{
    const float above = v < lo ? lo : v;
    return hi < above ? hi : above;
}

#endif

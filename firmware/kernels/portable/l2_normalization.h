/* L2_NORMALIZATION on int8 and float32. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_L2_NORMALIZATION_H
#define TINYGEN_KERNELS_PORTABLE_L2_NORMALIZATION_H

#include <math.h>

#include "../fixed_point.h"

/* rows: of `depth` elements each, 1..32768; input_zero: of the input, 0 for real values. */
struct tg_l2_normalization_params {
    int32_t rows;
    int32_t depth;
    int32_t input_zero;
};

/* Each row divided by its length.
 *
 * input: [rows, depth]; output: [rows, depth], scale 1/128, zero point 0, written in memory order, each
 * element after the last read of the input's element of the same index. Source: L2Normalization in
 * tensorflow/lite/kernels/internal/reference/integer_ops/l2normalization.h. */
static TG_INLINE void tg_l2_normalization_s8(const int8_t *input, int8_t *output,
                                             struct tg_l2_normalization_params p)
{
    for (int32_t row = 0; row < p.rows; ++row) {
        int32_t sum = 0;
        for (int32_t i = 0; i < p.depth; ++i) {
            const int32_t value = input[i] - p.input_zero;
            sum += value * value;
        }
        const struct tg_factor inverse = tg_inverse_sqrt(sum);
        for (int32_t i = 0; i < p.depth; ++i) {
            const int32_t value = input[i] - p.input_zero;
            const int32_t scaled = tg_requantize(value, inverse.multiplier, inverse.shift + 7);
            output[i] = (int8_t)tg_clamp(scaled, INT8_MIN, INT8_MAX);
        }
        input += p.depth;
        output += p.depth;
    }
}

/* Each row of real values divided by its length, which counts as 1e-6 at least.
 *
 * input, output: [rows, depth], written in memory order, each element after the last read of the input's
 * element of the same index.
 * Source: L2Normalization in tensorflow/lite/kernels/internal/reference/l2normalization.h. */
static TG_INLINE void tg_l2_normalization_f32(const float *input, float *output,
                                              struct tg_l2_normalization_params p)
{
    for (int32_t row = 0; row < p.rows; ++row) {
        float sum = 0.0f;
        for (int32_t i = 0; i < p.depth; ++i) {
            sum += input[i] * input[i];
        }
        const float root = sqrtf(sum);
        const float length = root < 1e-6f ? 1e-6f : root;
        for (int32_t i = 0; i < p.depth; ++i) {
            output[i] = input[i] / length;
        }
        input += p.depth;
        output += p.depth;
    }
}

#endif

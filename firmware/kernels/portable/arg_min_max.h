/* ARG_MAX and ARG_MIN on int8 and float32. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_ARG_MIN_MAX_H
#define TINYGEN_KERNELS_PORTABLE_ARG_MIN_MAX_H

#include "../common.h"

/* outer, size, inner: elements before, along and after the axis; maximum: 1 for ARG_MAX, 0 for ARG_MIN. */
struct tg_arg_min_max_params {
    int32_t outer;
    int32_t size;
    int32_t inner;
    int32_t maximum;
};

/* Where along the axis the largest or smallest element is, the first of several.
 *
 * input: [outer, size, inner]; output: [outer, inner], written in memory order.
 * Source: ArgMinMax in tensorflow/lite/kernels/internal/reference/arg_min_max.h. */
static TG_INLINE void tg_arg_min_max_s8(const int8_t *input, int32_t *output, struct tg_arg_min_max_params p)
{
    for (int32_t i = 0; i < p.outer; ++i) {
        for (int32_t j = 0; j < p.inner; ++j) {
            const int8_t *const line = input + i * p.size * p.inner + j;
            int32_t best = *line;
            int32_t index = 0;
            for (int32_t k = 1; k < p.size; ++k) {
                const int32_t element = line[k * p.inner];
                if (p.maximum ? element > best : element < best) {
                    best = element;
                    index = k;
                }
            }
            *output++ = index;
        }
    }
}

/* tg_arg_min_max_s8 on float32; NaN is neither larger nor smaller than anything. */
static TG_INLINE void tg_arg_min_max_f32(const float *input, int32_t *output, struct tg_arg_min_max_params p)
{
    for (int32_t i = 0; i < p.outer; ++i) {
        for (int32_t j = 0; j < p.inner; ++j) {
            const float *const line = input + i * p.size * p.inner + j;
            float best = *line;
            int32_t index = 0;
            for (int32_t k = 1; k < p.size; ++k) {
                const float element = line[k * p.inner];
                if (p.maximum ? element > best : element < best) {
                    best = element;
                    index = k;
                }
            }
            *output++ = index;
        }
    }
}

#endif

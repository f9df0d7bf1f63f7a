/* DEQUANTIZE: int8 to float32. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_DEQUANTIZE_H
#define TINYGEN_KERNELS_PORTABLE_DEQUANTIZE_H

#include "../common.h"

/* size: elements; scale, zero: of the input. */
struct tg_dequantize_params {
    int32_t size;
    int32_t zero;
    float scale;
};

/* The real values of quantized ones.
 *
 * input: [size], quantized; output: [size], real, written from the last element to the first, so that it may
 * start where the input starts.
 * Source: Dequantize in tensorflow/lite/kernels/internal/reference/dequantize.h. It multiplies in double and
 * rounds to float; 9 and 24 significant bits make an exact double, so that one float product is the same. */
static TG_INLINE void tg_dequantize_s8_f32(const int8_t *input, float *output, struct tg_dequantize_params p)
{
    for (int32_t i = p.size - 1; i >= 0; --i) {
        output[i] = p.scale * (float)(input[i] - p.zero);
    }
}

#endif

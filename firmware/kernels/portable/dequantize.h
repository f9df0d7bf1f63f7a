/* DEQUANTIZE: int8, uint8 and int16 to float32. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_DEQUANTIZE_H
#define TINYGEN_KERNELS_PORTABLE_DEQUANTIZE_H

#include "../common.h"

/* size: elements; scale, zero: of the input. */
struct tg_dequantize_params {
    int32_t size;
    int32_t zero;
    float scale;
};

/* The real value of a quantized one of up to 16 bits.
 *
 * Source: Dequantize in tensorflow/lite/kernels/internal/reference/dequantize.h. It multiplies in double and
 * rounds to float; 17 and 24 significant bits make an exact double, so that one float product is the same. */
static TG_INLINE float tg_dequantize_value(int32_t value, struct tg_dequantize_params p)
{
    return p.scale * (float)(value - p.zero);
}

/* The real values of quantized ones.
 *
 * input: [size], quantized; output: [size], real, written from the last element to the first, so that it may
 * start where the input starts. */
static TG_INLINE void tg_dequantize_s8_f32(const int8_t *input, float *output, struct tg_dequantize_params p)
{
    for (int32_t i = p.size - 1; i >= 0; --i) {
        output[i] = tg_dequantize_value(input[i], p);
    }
}

/* tg_dequantize_s8_f32 from uint8. */
static TG_INLINE void tg_dequantize_u8_f32(const uint8_t *input, float *output, struct tg_dequantize_params p)
{
    for (int32_t i = p.size - 1; i >= 0; --i) {
        output[i] = tg_dequantize_value(input[i], p);
    }
}

/* tg_dequantize_s8_f32 from int16. */
static TG_INLINE void tg_dequantize_s16_f32(const int16_t *input, float *output,
                                            struct tg_dequantize_params p)
{
    for (int32_t i = p.size - 1; i >= 0; --i) {
        output[i] = tg_dequantize_value(input[i], p);
    }
}

#endif

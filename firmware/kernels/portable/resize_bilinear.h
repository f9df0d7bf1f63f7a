/* RESIZE_BILINEAR on int8 and float32. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_RESIZE_BILINEAR_H
#define TINYGEN_KERNELS_PORTABLE_RESIZE_BILINEAR_H

#include "../common.h"

/* Images of [input_h, input_w, depth] become [output_h, output_w, depth]; input_pitch, output_pitch: elements
 * from one pixel to the next. */
struct tg_resize_bilinear_params {
    int32_t batches;
    int32_t input_h;
    int32_t input_w;
    int32_t output_h;
    int32_t output_w;
    int32_t depth;
    int32_t input_pitch;
    int32_t output_pitch;
};

/* Each output pixel is a mean of four input pixels, weighted by how near it is to them.
 *
 * rows: [output_h][2], rows of the input above and below each row of the output; columns: [output_w][2], left
 * and right of each column; y, x: [output_h], [output_w], their fractions in 1/1024, -512..1023.
 * Source: ResizeBilinearInteger in tensorflow/lite/kernels/internal/reference/resize_bilinear.h. A sum stays
 * below 2^30: |weights| of both rows add up to 2048 at most, and so do those of both columns. */
static TG_INLINE void tg_resize_bilinear_s8(const int8_t *input, int8_t *output, const int16_t *rows,
                                            const int16_t *columns, const int16_t *y, const int16_t *x,
                                            struct tg_resize_bilinear_params p)
{
    for (int32_t batch = 0; batch < p.batches; ++batch) {
        for (int32_t i = 0; i < p.output_h; ++i) {
            const int8_t *const above = input + rows[2 * i] * p.input_w * p.input_pitch;
            const int8_t *const below = input + rows[2 * i + 1] * p.input_w * p.input_pitch;
            for (int32_t k = 0; k < p.output_w; ++k) {
                const int32_t left = columns[2 * k] * p.input_pitch;
                const int32_t right = columns[2 * k + 1] * p.input_pitch;
                const int32_t weight0 = (1024 - y[i]) * (1024 - x[k]);
                const int32_t weight1 = y[i] * (1024 - x[k]);
                const int32_t weight2 = (1024 - y[i]) * x[k];
                const int32_t weight3 = y[i] * x[k];
                for (int32_t c = 0; c < p.depth; ++c) {
                    const int32_t sum = above[left + c] * weight0 + below[left + c] * weight1 +
                                        above[right + c] * weight2 + below[right + c] * weight3;
                    const int32_t half = sum > 0 ? 1 << 19 : -(1 << 19);
                    output[c] = (int8_t)((sum + half) / (1 << 20));
                }
                output += p.output_pitch;
            }
        }
        input += p.input_h * p.input_w * p.input_pitch;
    }
}

/* tg_resize_bilinear_s8 on float32, with y and x as real numbers.
 *
 * Source: ResizeBilinear in the same file, whose order of operations this has. */
static TG_INLINE void tg_resize_bilinear_f32(const float *input, float *output, const int16_t *rows,
                                             const int16_t *columns, const float *y, const float *x,
                                             struct tg_resize_bilinear_params p)
{
    for (int32_t batch = 0; batch < p.batches; ++batch) {
        for (int32_t i = 0; i < p.output_h; ++i) {
            const float *const above = input + rows[2 * i] * p.input_w * p.input_pitch;
            const float *const below = input + rows[2 * i + 1] * p.input_w * p.input_pitch;
            for (int32_t k = 0; k < p.output_w; ++k) {
                const int32_t left = columns[2 * k] * p.input_pitch;
                const int32_t right = columns[2 * k + 1] * p.input_pitch;
                const float to_above = 1.0F - y[i];
                const float to_left = 1.0F - x[k];
                for (int32_t c = 0; c < p.depth; ++c) {
                    const float sum = above[left + c] * to_above * to_left + below[left + c] * y[i] * to_left +
                                      above[right + c] * to_above * x[k] + below[right + c] * y[i] * x[k];
                    /* TFLM adds a rounding offset of 0, which turns -0 into 0. */
                    output[c] = sum + 0.0F;
                }
                output += p.output_pitch;
            }
        }
        input += p.input_h * p.input_w * p.input_pitch;
    }
}

#endif

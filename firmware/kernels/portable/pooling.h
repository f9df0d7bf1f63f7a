/* AVERAGE_POOL_2D and MAX_POOL_2D on int8. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_POOLING_H
#define TINYGEN_KERNELS_PORTABLE_POOLING_H

#include "../requantize.h"

/* Sizes in elements; pitches are elements from one pixel to the next; lowest..highest is the range that the
 * fused activation leaves. Every window has at least one tap inside the input. */
struct tg_pool_2d_params {
    int32_t batches;
    int32_t input_h;
    int32_t input_w;
    int32_t input_pitch;
    int32_t output_h;
    int32_t output_w;
    int32_t output_pitch;
    int32_t channels;
    int32_t filter_h;
    int32_t filter_w;
    int32_t stride_h;
    int32_t stride_w;
    int32_t pad_top;
    int32_t pad_left;
    int32_t lowest;
    int32_t highest;
};

/* The part of a window that lies inside the input: its first row and column, rows and columns. */
struct tg_pool_2d_window {
    int32_t y;
    int32_t x;
    int32_t h;
    int32_t w;
};

static TG_INLINE struct tg_pool_2d_window tg_pool_2d_window_at(int32_t output_y, int32_t output_x,
                                                               struct tg_pool_2d_params p)
{
    const int32_t top = output_y * p.stride_h - p.pad_top;
    const int32_t left = output_x * p.stride_w - p.pad_left;
    const int32_t bottom = top + p.filter_h < p.input_h ? top + p.filter_h : p.input_h;
    const int32_t right = left + p.filter_w < p.input_w ? left + p.filter_w : p.input_w;
    struct tg_pool_2d_window window;
    window.y = top > 0 ? top : 0;
    window.x = left > 0 ? left : 0;
    window.h = bottom - window.y;
    window.w = right - window.x;
    return window;
}

static TG_INLINE int8_t tg_average_of_window(const int8_t *corner, struct tg_pool_2d_window window,
                                             struct tg_pool_2d_params p)
{
    const int32_t taps = window.h * window.w;
    int32_t sum = 0;
    for (int32_t y = 0; y < window.h; ++y) {
        const int8_t *tap = corner + y * p.input_w * p.input_pitch;
        for (int32_t x = 0; x < window.w; ++x) {
            sum += *tap;
            tap += p.input_pitch;
        }
    }
    sum += sum > 0 ? taps / 2 : -(taps / 2);
    return (int8_t)tg_clamp(sum / taps, p.lowest, p.highest);
}

static TG_INLINE int8_t tg_maximum_of_window(const int8_t *corner, struct tg_pool_2d_window window,
                                             struct tg_pool_2d_params p)
{
    int32_t maximum = p.lowest;
    for (int32_t y = 0; y < window.h; ++y) {
        const int8_t *tap = corner + y * p.input_w * p.input_pitch;
        for (int32_t x = 0; x < window.w; ++x) {
            if (*tap > maximum) {
                maximum = *tap;
            }
            tap += p.input_pitch;
        }
    }
    return (int8_t)(maximum < p.highest ? maximum : p.highest);
}

/* Averages, rounded to nearest with halves away from zero, over the taps inside the input.
 *
 * input: [batches, input_h, input_w, channels]; output: [batches, output_h, output_w, channels], written in
 * memory order. Source: AveragePool in tensorflow/lite/kernels/internal/reference/integer_ops/pooling.h. */
static TG_INLINE void tg_average_pool_2d_s8(const int8_t *input, int8_t *output, struct tg_pool_2d_params p)
{
    for (int32_t batch = 0; batch < p.batches; ++batch) {
        for (int32_t y = 0; y < p.output_h; ++y) {
            for (int32_t x = 0; x < p.output_w; ++x) {
                const struct tg_pool_2d_window window = tg_pool_2d_window_at(y, x, p);
                const int8_t *corner = input + (window.y * p.input_w + window.x) * p.input_pitch;
                for (int32_t channel = 0; channel < p.channels; ++channel) {
                    output[channel] = tg_average_of_window(corner + channel, window, p);
                }
                output += p.output_pitch;
            }
        }
        input += p.input_h * p.input_w * p.input_pitch;
    }
}

/* Maxima over the taps inside the input.
 *
 * input: [batches, input_h, input_w, channels]; output: [batches, output_h, output_w, channels], written in
 * memory order. Source: MaxPool in tensorflow/lite/kernels/internal/reference/integer_ops/pooling.h. */
static TG_INLINE void tg_max_pool_2d_s8(const int8_t *input, int8_t *output, struct tg_pool_2d_params p)
{
    for (int32_t batch = 0; batch < p.batches; ++batch) {
        for (int32_t y = 0; y < p.output_h; ++y) {
            for (int32_t x = 0; x < p.output_w; ++x) {
                const struct tg_pool_2d_window window = tg_pool_2d_window_at(y, x, p);
                const int8_t *corner = input + (window.y * p.input_w + window.x) * p.input_pitch;
                for (int32_t channel = 0; channel < p.channels; ++channel) {
                    output[channel] = tg_maximum_of_window(corner + channel, window, p);
                }
                output += p.output_pitch;
            }
        }
        input += p.input_h * p.input_w * p.input_pitch;
    }
}

#endif

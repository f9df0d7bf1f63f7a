/* AVERAGE_POOL_2D and MAX_POOL_2D on int8, int16 and float32, L2_POOL_2D on float32. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_POOLING_H
#define TINYGEN_KERNELS_PORTABLE_POOLING_H

#include <math.h>

#include "../elements.h"
#include "../requantize.h"

/* What is made of a window, as a number for a template's constants. */
enum tg_pool_2d_result { TG_WINDOW_AVERAGE, TG_WINDOW_MAXIMUM, TG_WINDOW_NORM };

/* Sizes in elements; pitches are elements from one pixel to the next. The range that the fused activation
 * leaves is lowest..highest of integers and least..most of float32. Every window has at least one tap inside
 * the input. */
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
    float least;
    float most;
};

/* The part of a window that lies inside the input: its first tap of channel 0, rows and columns. */
struct tg_pool_2d_window {
    int32_t first;
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
    const int32_t y = top > 0 ? top : 0;
    const int32_t x = left > 0 ? left : 0;
    struct tg_pool_2d_window window;
    window.first = (y * p.input_w + x) * p.input_pitch;
    window.h = bottom - y;
    window.w = right - x;
    return window;
}

/* A window's average, rounded to nearest with halves away from zero, or its maximum.
 *
 * Sources: AveragePool and MaxPool in tensorflow/lite/kernels/internal/reference/integer_ops/pooling.h. */
static TG_INLINE int32_t tg_pool_2d_integer(const void *input, struct tg_pool_2d_window window,
                                            int32_t result, int32_t type, struct tg_pool_2d_params p)
{
    const int32_t taps = window.h * window.w;
    int32_t value = result == TG_WINDOW_MAXIMUM ? p.lowest : 0;
    for (int32_t y = 0; y < window.h; ++y) {
        int32_t tap = window.first + y * p.input_w * p.input_pitch;
        for (int32_t x = 0; x < window.w; ++x) {
            const int32_t element = tg_load(input, tap, type);
            if (result == TG_WINDOW_AVERAGE) {
                value += element;
            } else if (element > value) {
                value = element;
            }
            tap += p.input_pitch;
        }
    }
    if (result == TG_WINDOW_AVERAGE) {
        value += value > 0 ? taps / 2 : -(taps / 2);
        value /= taps;
    }
    return tg_clamp(value, p.lowest, p.highest);
}

/* A window's average, maximum, or root of the mean square; NaN is left out of a maximum.
 *
 * Source: tensorflow/lite/kernels/internal/reference/pooling.h. */
static TG_INLINE float tg_pool_2d_real(const float *input, struct tg_pool_2d_window window, int32_t result,
                                       struct tg_pool_2d_params p)
{
    float value = result == TG_WINDOW_MAXIMUM ? p.least : 0.0f;
    for (int32_t y = 0; y < window.h; ++y) {
        const float *tap = input + window.first + y * p.input_w * p.input_pitch;
        for (int32_t x = 0; x < window.w; ++x) {
            if (result == TG_WINDOW_AVERAGE) {
                value += *tap;
            } else if (result == TG_WINDOW_NORM) {
                value += *tap * *tap;
            } else if (*tap > value) {
                value = *tap;
            }
            tap += p.input_pitch;
        }
    }
    if (result != TG_WINDOW_MAXIMUM) {
        value /= (float)(window.h * window.w);
    }
    if (result == TG_WINDOW_NORM) {
        value = sqrtf(value);
    }
    if (value < p.least) {
        value = p.least;
    }
    return value > p.most ? p.most : value;
}

/* Every window of integers of `type`.
 *
 * input: [batches, input_h, input_w, channels]; output: [batches, output_h, output_w, channels], written in
 * memory order. */
static TG_INLINE void tg_pool_2d_integers(const void *input, void *output, int32_t result, int32_t type,
                                          struct tg_pool_2d_params p)
{
    int32_t from = 0;
    int32_t to = 0;
    for (int32_t batch = 0; batch < p.batches; ++batch) {
        for (int32_t y = 0; y < p.output_h; ++y) {
            for (int32_t x = 0; x < p.output_w; ++x) {
                struct tg_pool_2d_window window = tg_pool_2d_window_at(y, x, p);
                window.first += from;
                for (int32_t channel = 0; channel < p.channels; ++channel) {
                    tg_store(output, to + channel, type, tg_pool_2d_integer(input, window, result, type, p));
                    ++window.first;
                }
                to += p.output_pitch;
            }
        }
        from += p.input_h * p.input_w * p.input_pitch;
    }
}

/* Every window of float32; operands as for tg_pool_2d_integers. */
static TG_INLINE void tg_pool_2d_reals(const float *input, float *output, int32_t result,
                                       struct tg_pool_2d_params p)
{
    for (int32_t batch = 0; batch < p.batches; ++batch) {
        for (int32_t y = 0; y < p.output_h; ++y) {
            for (int32_t x = 0; x < p.output_w; ++x) {
                struct tg_pool_2d_window window = tg_pool_2d_window_at(y, x, p);
                for (int32_t channel = 0; channel < p.channels; ++channel) {
                    output[channel] = tg_pool_2d_real(input, window, result, p);
                    ++window.first;
                }
                output += p.output_pitch;
            }
        }
        input += p.input_h * p.input_w * p.input_pitch;
    }
}

/* Averages of int8; operands as for tg_pool_2d_integers. */
static TG_INLINE void tg_average_pool_2d_s8(const int8_t *input, int8_t *output, struct tg_pool_2d_params p)
{
    tg_pool_2d_integers(input, output, TG_WINDOW_AVERAGE, TG_S8, p);
}

/* Averages of int16. */
static TG_INLINE void tg_average_pool_2d_s16(const int16_t *input, int16_t *output,
                                             struct tg_pool_2d_params p)
{
    tg_pool_2d_integers(input, output, TG_WINDOW_AVERAGE, TG_S16, p);
}

/* Averages of float32. */
static TG_INLINE void tg_average_pool_2d_f32(const float *input, float *output, struct tg_pool_2d_params p)
{
    tg_pool_2d_reals(input, output, TG_WINDOW_AVERAGE, p);
}

/* Maxima of int8. */
static TG_INLINE void tg_max_pool_2d_s8(const int8_t *input, int8_t *output, struct tg_pool_2d_params p)
{
    tg_pool_2d_integers(input, output, TG_WINDOW_MAXIMUM, TG_S8, p);
}

/* Maxima of int16. */
static TG_INLINE void tg_max_pool_2d_s16(const int16_t *input, int16_t *output, struct tg_pool_2d_params p)
{
    tg_pool_2d_integers(input, output, TG_WINDOW_MAXIMUM, TG_S16, p);
}

/* Maxima of float32. */
static TG_INLINE void tg_max_pool_2d_f32(const float *input, float *output, struct tg_pool_2d_params p)
{
    tg_pool_2d_reals(input, output, TG_WINDOW_MAXIMUM, p);
}

/* Roots of the mean squares of float32. */
static TG_INLINE void tg_l2_pool_2d_f32(const float *input, float *output, struct tg_pool_2d_params p)
{
    tg_pool_2d_reals(input, output, TG_WINDOW_NORM, p);
}

#endif

/* CONV_2D, direct: no im2col, no zero-point addition per product.
 *
 * Same numbers as TFLM's reference kernels (tensorflow/lite/kernels/internal/reference/integer_ops/conv.h and
 * reference/conv.h). The input's zero point is folded into the bias over all taps; a tap in the padding then
 * reads the zero point itself (int16 and float have none, and skip such taps). Four output channels are
 * computed at a time, for two pixels where both windows lie inside the input horizontally. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_CONV_2D_H
#define TINYGEN_KERNELS_PORTABLE_CONV_2D_H

#include "../linear.h"

struct tg_conv_2d_params {
    int32_t arithmetic; /* set by the template for the types */
    int32_t input_h;
    int32_t input_w;
    int32_t input_pitch; /* elements from pixel to pixel */
    int32_t output_h;
    int32_t output_w;
    int32_t output_pitch;
    int32_t output_channels; /* of one group */
    int32_t groups;
    int32_t filter_h;
    int32_t filter_w;
    int32_t channels; /* of one filter */
    int32_t stride_h;
    int32_t stride_w;
    int32_t dilation_h;
    int32_t dilation_w;
    int32_t pad_top;
    int32_t pad_left;
    int32_t padded;     /* whether any window leaves the input */
    int32_t dense_rows; /* whether a filter row reads filter_w * channels consecutive inputs */
    int32_t input_zero_point;
    int32_t any_scale; /* this and the next: as in struct tg_result */
    int32_t output_zero_point;
    int32_t lo;
    int32_t hi;
    float lowest;
    float highest;
};

/* One pixel's window on the input; with dense rows, taps left..right-1 of each row lie inside it. */
struct tg_conv_2d_window {
    const void *input; /* first channel of the group */
    int32_t y;
    int32_t x;
    int32_t left;
    int32_t right;
};

static TG_INLINE struct tg_conv_2d_window tg_conv_2d_window_at(const void *input, int32_t y, int32_t x,
                                                               struct tg_conv_2d_params p)
{
    struct tg_conv_2d_window window = {input, y, x, 0, p.filter_w};
    if (p.padded) {
        window.left = tg_clamp(-x, 0, p.filter_w);
        window.right = tg_clamp(p.input_w - x, 0, p.filter_w);
    }
    return window;
}

/* The pixel at row y and column x of a window's input. */
static TG_INLINE const void *tg_conv_2d_pixel(struct tg_conv_2d_window window, int32_t y, int32_t x,
                                              struct tg_conv_2d_params p)
{
    return tg_input_at(window.input, (y * p.input_w + x) * p.input_pitch, p.arithmetic);
}

/* Accumulators 0..3 += the window's dot product with four interleaved filters. */
static TG_INLINE void tg_conv_2d_window_4(struct tg_sums *sums, struct tg_conv_2d_window window,
                                          const void *w, struct tg_conv_2d_params p)
{
    const int32_t type = p.arithmetic;
    const int32_t zero = p.input_zero_point;
    const int32_t row = p.filter_w * p.channels;
    for (int32_t ky = 0; ky < p.filter_h; ++ky) {
        const int32_t y = window.y + ky * p.dilation_h;
        if (p.padded && (y < 0 || y >= p.input_h)) {
            tg_outside_4(sums, zero, w, row, type);
        } else if (p.dense_rows) {
            const int32_t left = window.left * p.channels;
            const int32_t right = window.right * p.channels;
            const void *const line = tg_conv_2d_pixel(window, y, window.x, p);
            if (p.padded) {
                tg_outside_4(sums, zero, w, left, type);
                tg_outside_4(sums, zero, tg_weight_at(w, 4 * right, type), row - right, type);
            }
            tg_dot_4(sums, tg_input_at(line, left, type), tg_weight_at(w, 4 * left, type), right - left,
                     type);
        } else {
            for (int32_t kx = 0; kx < p.filter_w; ++kx) {
                const int32_t x = window.x + kx * p.dilation_w;
                const void *const tap = tg_weight_at(w, 4 * kx * p.channels, type);
                if (p.padded && (x < 0 || x >= p.input_w)) {
                    tg_outside_4(sums, zero, tap, p.channels, type);
                } else {
                    tg_dot_4(sums, tg_conv_2d_pixel(window, y, x, p), tap, p.channels, type);
                }
            }
        }
        w = tg_weight_at(w, 4 * row, type);
    }
}

/* Accumulators 0..3 and 4..7 += the dot products of four interleaved filters with `window` and with its
 * neighbour to the right, both inside the input horizontally; dense rows. */
static TG_INLINE void tg_conv_2d_window_4x2(struct tg_sums *sums, struct tg_conv_2d_window window,
                                            const void *w, struct tg_conv_2d_params p)
{
    const int32_t type = p.arithmetic;
    const int32_t row = p.filter_w * p.channels;
    for (int32_t ky = 0; ky < p.filter_h; ++ky) {
        const int32_t y = window.y + ky * p.dilation_h;
        if (p.padded && (y < 0 || y >= p.input_h)) {
            tg_outside_4x2(sums, p.input_zero_point, w, row, type);
        } else {
            const void *const line = tg_conv_2d_pixel(window, y, window.x, p);
            tg_dot_4x2(sums, line, tg_input_at(line, p.stride_w * p.input_pitch, type), w, row, type);
        }
        w = tg_weight_at(w, 4 * row, type);
    }
}

/* Accumulator 0 += the window's dot product with one filter. */
static TG_INLINE void tg_conv_2d_window_1(struct tg_sums *sums, struct tg_conv_2d_window window,
                                          const void *w, struct tg_conv_2d_params p)
{
    int32_t tap = 0;
    for (int32_t ky = 0; ky < p.filter_h; ++ky) {
        const int32_t y = window.y + ky * p.dilation_h;
        for (int32_t kx = 0; kx < p.filter_w; ++kx) {
            const int32_t x = window.x + kx * p.dilation_w;
            if (p.padded && (y < 0 || y >= p.input_h || x < 0 || x >= p.input_w)) {
                tg_outside_1(sums, p.input_zero_point, w, tap, p.channels, p.arithmetic);
            } else {
                tg_dot_1(sums, tg_conv_2d_pixel(window, y, x, p), w, tap, p.channels, p.arithmetic);
            }
            tap += p.channels;
        }
    }
}

/* Write accumulator i as the output of channel o. */
static TG_INLINE void tg_conv_2d_finish(void *output, const struct tg_sums *sums, int32_t i, int32_t o,
                                        struct tg_channels channels, struct tg_conv_2d_params p)
{
    const struct tg_result result = {p.arithmetic, p.any_scale, p.output_zero_point, p.lo,
                                     p.hi,         p.lowest,    p.highest};
    tg_finish(tg_output_at(output, o, p.arithmetic), sums, i,
              tg_scale_of(tg_channel_at(channels, o, p.arithmetic), p.arithmetic), result);
}

/* All output channels of one group for one pixel, or for two neighbours.
 *
 * pair: whether there are two; filter and channels are those of the group. */
static TG_INLINE void tg_conv_2d_pixels(struct tg_conv_2d_window window, int32_t pair, void *output,
                                        const void *filter, struct tg_channels channels,
                                        struct tg_conv_2d_params p)
{
    const int32_t type = p.arithmetic;
    const int32_t taps = p.filter_h * p.filter_w * p.channels;
    void *const second = tg_output_at(output, p.output_pitch, type);
    int32_t o = 0;
    if (p.dense_rows && pair) {
        for (; o + 4 <= p.output_channels; o += 4) {
            struct tg_sums sums;
            tg_start_4x2(&sums, tg_bias_at(channels.bias, o, type), type);
            tg_conv_2d_window_4x2(&sums, window, filter, p);
            struct tg_sums done;
            tg_move_4(&done, &sums, 0, type);
            tg_move_4(&done, &sums, 4, type);
            TG_UNROLL
            for (int32_t i = 0; i < 4; ++i) {
                tg_conv_2d_finish(output, &done, i, o + i, channels, p);
                tg_conv_2d_finish(second, &done, 4 + i, o + i, channels, p);
            }
            filter = tg_weight_at(filter, 4 * taps, type);
        }
    } else {
        for (; o + 4 <= p.output_channels; o += 4) {
            struct tg_sums sums;
            tg_start_4(&sums, tg_bias_at(channels.bias, o, type), type);
            tg_conv_2d_window_4(&sums, window, filter, p);
            struct tg_sums done;
            tg_move_4(&done, &sums, 0, type);
            for (int32_t i = 0; i < 4; ++i) {
                tg_conv_2d_finish(output, &done, i, o + i, channels, p);
            }
            filter = tg_weight_at(filter, 4 * taps, type);
        }
    }
    for (; o < p.output_channels; ++o) {
        struct tg_conv_2d_window moved = window;
        for (int32_t pixel = 0; pixel <= pair; ++pixel) {
            struct tg_sums sums;
            tg_start(&sums, 0, tg_bias_at(channels.bias, o, type), type);
            tg_conv_2d_window_1(&sums, moved, filter, p);
            tg_conv_2d_finish(tg_output_at(output, pixel * p.output_pitch, type), &sums, 0, o, channels, p);
            moved.x += p.stride_w;
        }
        filter = tg_next_filter(filter, taps, type);
    }
}

/* Convolution of one image with types that `p` names.
 *
 * input: [input_h][input_w][groups * channels] at input_pitch; output: [output_h][output_w][groups *
 * output_channels] at output_pitch. filter: per group, blocks of four output channels as
 * [filter_h][filter_w][channels][4], then the remaining ones as [filter_h][filter_w][channels] each.
 * bias (with -zero point * sum of the filter folded in), multiplier and shift: one per output channel. */
static TG_INLINE void tg_conv_2d(const void *input, void *output, const void *filter,
                                 struct tg_channels channels, struct tg_conv_2d_params p)
{
    const int32_t type = p.arithmetic;
    const int32_t group_size = tg_filters_size(p.output_channels, p.filter_h * p.filter_w * p.channels, type);
    for (int32_t oy = 0; oy < p.output_h; ++oy) {
        const int32_t y = oy * p.stride_h - p.pad_top;
        for (int32_t ox = 0; ox < p.output_w;) {
            const int32_t x = ox * p.stride_w - p.pad_left;
            const int32_t inside = !p.padded || (x >= 0 && x + p.stride_w + p.filter_w <= p.input_w);
            const int32_t pair = p.dense_rows && inside && ox + 1 < p.output_w;
            for (int32_t g = 0; g < p.groups; ++g) {
                const int32_t first = g * p.output_channels;
                const void *const source = tg_input_at(input, g * p.channels, type);
                const void *const filters = tg_weight_at(filter, g * group_size, type);
                tg_conv_2d_pixels(tg_conv_2d_window_at(source, y, x, p), pair,
                                  tg_output_at(output, first, type), filters,
                                  tg_channel_at(channels, first, type), p);
            }
            output = tg_output_at(output, (1 + pair) * p.output_pitch, type);
            ox += 1 + pair;
        }
    }
}

/* tg_conv_2d of int8. */
static TG_INLINE void tg_conv_2d_s8(const int8_t *input, int8_t *output, const int8_t *filter,
                                    const int32_t *bias, const int32_t *multiplier, const int8_t *shift,
                                    struct tg_conv_2d_params p)
{
    const struct tg_channels channels = {bias, multiplier, shift};
    p.arithmetic = TG_S8_S8;
    tg_conv_2d(input, output, filter, channels, p);
}

/* tg_conv_2d of int8 with weights of four bits; a filter that is not interleaved starts in a new byte. */
static TG_INLINE void tg_conv_2d_s8_s4(const int8_t *input, int8_t *output, const uint8_t *filter,
                                       const int32_t *bias, const int32_t *multiplier, const int8_t *shift,
                                       struct tg_conv_2d_params p)
{
    const struct tg_channels channels = {bias, multiplier, shift};
    p.arithmetic = TG_S8_S4;
    tg_conv_2d(input, output, filter, channels, p);
}

/* tg_conv_2d of int16, rounded as TFLM does for a bias of 32 bits. */
static TG_INLINE void tg_conv_2d_s16_bias32(const int16_t *input, int16_t *output, const int8_t *filter,
                                            const int32_t *bias, const int32_t *multiplier,
                                            const int8_t *shift, struct tg_conv_2d_params p)
{
    const struct tg_channels channels = {bias, multiplier, shift};
    p.arithmetic = TG_S16_BIAS32;
    tg_conv_2d(input, output, filter, channels, p);
}

/* tg_conv_2d of int16, rounded as TFLM does for a bias of 64 bits. */
static TG_INLINE void tg_conv_2d_s16(const int16_t *input, int16_t *output, const int8_t *filter,
                                     const int32_t *bias, const int32_t *multiplier, const int8_t *shift,
                                     struct tg_conv_2d_params p)
{
    const struct tg_channels channels = {bias, multiplier, shift};
    p.arithmetic = TG_S16_S8;
    tg_conv_2d(input, output, filter, channels, p);
}

/* tg_conv_2d_s16 for sums that may need more than 32 bits. */
static TG_INLINE void tg_conv_2d_s16_wide(const int16_t *input, int16_t *output, const int8_t *filter,
                                          const int64_t *bias, const int32_t *multiplier, const int8_t *shift,
                                          struct tg_conv_2d_params p)
{
    const struct tg_channels channels = {bias, multiplier, shift};
    p.arithmetic = TG_S16_S8_WIDE;
    tg_conv_2d(input, output, filter, channels, p);
}

/* tg_conv_2d of float. */
static TG_INLINE void tg_conv_2d_f32(const float *input, float *output, const float *filter,
                                     const float *bias, struct tg_conv_2d_params p)
{
    const struct tg_channels channels = {bias, NULL, NULL};
    p.arithmetic = TG_F32;
    tg_conv_2d(input, output, filter, channels, p);
}

#endif

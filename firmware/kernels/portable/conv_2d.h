/* CONV_2D, int8 with int32 accumulators, direct: no im2col, no zero-point addition per product.
 *
 * Same numbers as TFLM's reference kernel (tensorflow/lite/kernels/internal/reference/integer_ops/conv.h).
 * The input's zero point is folded into the bias over all taps; a tap in the padding then reads the zero
 * point itself. Four output channels are computed at a time, for two pixels where both windows lie inside
 * the input horizontally. C99 and C++17. */
#ifndef TINYGEN_KERNELS_PORTABLE_CONV_2D_H
#define TINYGEN_KERNELS_PORTABLE_CONV_2D_H

#include "../dot_s8.h"
#include "../requantize.h"

struct tg_conv_2d_params {
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
    int32_t padded;      /* whether any window leaves the input */
    int32_t dense_rows;  /* whether a filter row reads filter_w * channels consecutive inputs */
    int32_t any_scale;   /* as for tg_output_s8 */
    int32_t input_zero_point;
    int32_t output_zero_point;
    int32_t lo;
    int32_t hi;
};

/* One pixel's window on the input; with dense rows, taps left..right-1 of each row lie inside it. */
struct tg_conv_2d_window {
    const int8_t *input; /* first channel of the group */
    int32_t y;
    int32_t x;
    int32_t left;
    int32_t right;
};

static TG_INLINE struct tg_conv_2d_window tg_conv_2d_window_at(const int8_t *input, int32_t y, int32_t x,
                                                               struct tg_conv_2d_params p)
{
    struct tg_conv_2d_window window = {input, y, x, 0, p.filter_w};
    if (p.padded) {
        window.left = tg_clamp(-x, 0, p.filter_w);
        window.right = tg_clamp(p.input_w - x, 0, p.filter_w);
    }
    return window;
}

/* acc[i] += the window's dot product with four interleaved filters. */
static TG_INLINE void tg_conv_2d_window_4_s8(int32_t acc[4], struct tg_conv_2d_window window,
                                             const int8_t *w, struct tg_conv_2d_params p)
{
    const int32_t zero = p.input_zero_point;
    const int32_t row = p.filter_w * p.channels;
    for (int32_t ky = 0; ky < p.filter_h; ++ky) {
        const int32_t y = window.y + ky * p.dilation_h;
        const int8_t *const line = window.input + (y * p.input_w + window.x) * p.input_pitch;
        if (p.padded && (y < 0 || y >= p.input_h)) {
            tg_sum_4_s8(acc, zero, w, row);
        } else if (p.dense_rows) {
            const int32_t left = window.left * p.channels;
            const int32_t right = window.right * p.channels;
            if (p.padded) {
                tg_sum_4_s8(acc, zero, w, left);
                tg_sum_4_s8(acc, zero, w + 4 * right, row - right);
            }
            tg_dot_4_s8(acc, line + left, w + 4 * left, right - left);
        } else {
            for (int32_t kx = 0; kx < p.filter_w; ++kx) {
                const int32_t x = window.x + kx * p.dilation_w;
                const int8_t *const tap = w + 4 * kx * p.channels;
                if (p.padded && (x < 0 || x >= p.input_w)) {
                    tg_sum_4_s8(acc, zero, tap, p.channels);
                } else {
                    tg_dot_4_s8(acc, line + kx * p.dilation_w * p.input_pitch, tap, p.channels);
                }
            }
        }
        w += 4 * row;
    }
}

/* acc[i] and acc[4 + i] += the dot products of four interleaved filters with `window` and with its neighbour
 * to the right, both inside the input horizontally; dense rows. */
static TG_INLINE void tg_conv_2d_window_4x2_s8(int32_t acc[8], struct tg_conv_2d_window window,
                                               const int8_t *w, struct tg_conv_2d_params p)
{
    const int32_t row = p.filter_w * p.channels;
    for (int32_t ky = 0; ky < p.filter_h; ++ky) {
        const int32_t y = window.y + ky * p.dilation_h;
        if (p.padded && (y < 0 || y >= p.input_h)) {
            int32_t outside[4] = {0, 0, 0, 0};
            tg_sum_4_s8(outside, p.input_zero_point, w, row);
            acc[0] += outside[0];
            acc[1] += outside[1];
            acc[2] += outside[2];
            acc[3] += outside[3];
            acc[4] += outside[0];
            acc[5] += outside[1];
            acc[6] += outside[2];
            acc[7] += outside[3];
        } else {
            const int8_t *const line = window.input + (y * p.input_w + window.x) * p.input_pitch;
            tg_dot_4x2_s8(acc, line, line + p.stride_w * p.input_pitch, w, row);
        }
        w += 4 * row;
    }
}

/* The window's dot product with one filter. */
static TG_INLINE int32_t tg_conv_2d_window_1_s8(struct tg_conv_2d_window window, const int8_t *w,
                                                struct tg_conv_2d_params p)
{
    int32_t acc = 0;
    for (int32_t ky = 0; ky < p.filter_h; ++ky) {
        const int32_t y = window.y + ky * p.dilation_h;
        for (int32_t kx = 0; kx < p.filter_w; ++kx) {
            const int32_t x = window.x + kx * p.dilation_w;
            if (p.padded && (y < 0 || y >= p.input_h || x < 0 || x >= p.input_w)) {
                acc += p.input_zero_point * tg_sum_s8(w, p.channels);
            } else {
                acc += tg_dot_s8(window.input + (y * p.input_w + x) * p.input_pitch, w, p.channels);
            }
            w += p.channels;
        }
    }
    return acc;
}

/* The output of channel o, whose accumulator is acc. */
static TG_INLINE int8_t tg_conv_2d_output_s8(int32_t acc, int32_t o, const int32_t *multiplier,
                                             const int8_t *shift, struct tg_conv_2d_params p)
{
    return tg_output_s8(acc, multiplier[o], shift[o], p.any_scale, p.output_zero_point, p.lo, p.hi);
}

/* All output channels of one group for one pixel, or for two neighbours.
 *
 * pair: whether there are two; the tables are those of the group. */
static TG_INLINE void tg_conv_2d_pixels_s8(struct tg_conv_2d_window window, int32_t pair, int8_t *output,
                                           const int8_t *filter, const int32_t *bias,
                                           const int32_t *multiplier, const int8_t *shift,
                                           struct tg_conv_2d_params p)
{
    const int32_t taps = p.filter_h * p.filter_w * p.channels;
    int8_t *const second = output + p.output_pitch;
    int32_t o = 0;
    if (p.dense_rows && pair) {
        for (; o + 4 <= p.output_channels; o += 4) {
            int32_t acc[8] = {bias[o], bias[o + 1], bias[o + 2], bias[o + 3],
                              bias[o], bias[o + 1], bias[o + 2], bias[o + 3]};
            tg_conv_2d_window_4x2_s8(acc, window, filter, p);
            const int32_t result[8] = {acc[0], acc[1], acc[2], acc[3], acc[4], acc[5], acc[6], acc[7]};
            TG_UNROLL
            for (int32_t i = 0; i < 4; ++i) {
                output[o + i] = tg_conv_2d_output_s8(result[i], o + i, multiplier, shift, p);
                second[o + i] = tg_conv_2d_output_s8(result[4 + i], o + i, multiplier, shift, p);
            }
            filter += 4 * taps;
        }
    } else {
        for (; o + 4 <= p.output_channels; o += 4) {
            int32_t acc[4] = {bias[o], bias[o + 1], bias[o + 2], bias[o + 3]};
            tg_conv_2d_window_4_s8(acc, window, filter, p);
            const int32_t result[4] = {acc[0], acc[1], acc[2], acc[3]};
            for (int32_t i = 0; i < 4; ++i) {
                output[o + i] = tg_conv_2d_output_s8(result[i], o + i, multiplier, shift, p);
            }
            filter += 4 * taps;
        }
    }
    for (; o < p.output_channels; ++o) {
        struct tg_conv_2d_window moved = window;
        for (int32_t pixel = 0; pixel <= pair; ++pixel) {
            const int32_t acc = bias[o] + tg_conv_2d_window_1_s8(moved, filter, p);
            output[pixel * p.output_pitch + o] = tg_conv_2d_output_s8(acc, o, multiplier, shift, p);
            moved.x += p.stride_w;
        }
        filter += taps;
    }
}

/* Convolution of one image.
 *
 * input: [input_h][input_w][groups * channels] at input_pitch; output: [output_h][output_w][groups *
 * output_channels] at output_pitch. filter: per group, blocks of four output channels as
 * [filter_h][filter_w][channels][4], then the remaining ones as [filter_h][filter_w][channels] each.
 * bias (with -zero point * sum of the filter folded in), multiplier and shift: one per output channel. */
static TG_INLINE void tg_conv_2d_s8(const int8_t *input, int8_t *output, const int8_t *filter,
                                    const int32_t *bias, const int32_t *multiplier, const int8_t *shift,
                                    struct tg_conv_2d_params p)
{
    const int32_t group_size = p.output_channels * p.filter_h * p.filter_w * p.channels;
    for (int32_t oy = 0; oy < p.output_h; ++oy) {
        const int32_t y = oy * p.stride_h - p.pad_top;
        for (int32_t ox = 0; ox < p.output_w;) {
            const int32_t x = ox * p.stride_w - p.pad_left;
            const int32_t inside = !p.padded || (x >= 0 && x + p.stride_w + p.filter_w <= p.input_w);
            const int32_t pair = p.dense_rows && inside && ox + 1 < p.output_w;
            for (int32_t g = 0; g < p.groups; ++g) {
                const int32_t first = g * p.output_channels;
                tg_conv_2d_pixels_s8(tg_conv_2d_window_at(input + g * p.channels, y, x, p), pair,
                                     output + first, filter + g * group_size, bias + first,
                                     multiplier + first, shift + first, p);
            }
            output += (1 + pair) * p.output_pitch;
            ox += 1 + pair;
        }
    }
}

#endif
